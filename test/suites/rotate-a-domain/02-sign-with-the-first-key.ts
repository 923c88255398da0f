import type { Step } from '../../src/tell-story';

interface Signed {
  jws: string;
  key_id: string;
}

export const step: Step = async (world) => {
  const signed = await world.json<Signed>(['signing', 'sign', '--scope', world.domain], '{"before":true}');
  expect(signed.key_id).toBe('domain-2026-04');
  world.kept.set('signed before', signed.jws);
};
