import type { Step } from '../../src/tell-story';
import { report } from './silence';

/** P-8: nobody who was killed gives a lease back, so the rotate waits for the 10 s that it may still have had. */
const WITHIN_S = 15;

export const step: Step = async (world) => {
  await world.allSignersServe(world.domain);
  const [signer] = world.stack.services('signer');
  await signer?.kill();
  const begunAt = performance.now();
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  const seconds = (performance.now() - begunAt) / 1_000;
  await signer?.start();
  report('a rotate after a signer was killed', seconds);
  expect(seconds).toBeLessThan(WITHIN_S);
};
