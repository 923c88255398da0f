import type { Step } from '../../src/tell-story';

interface Signed {
  key_id: string;
}

/** It wakes with the old ring in memory and a lease that is long over. */
export const step: Step = async (world) => {
  const [stopped] = world.stack.services('signer');
  stopped?.resume();
  const sign = () => world.json<Signed>(['signing', 'sign', '--scope', world.domain], '{}');
  const signed = await Promise.all(Array.from({ length: 12 }, sign));
  expect(new Set(signed.map((each) => each.key_id))).toEqual(new Set(['k2']));
};
