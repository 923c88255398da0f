import type { Step } from '../../src/tell-story';
import { signBehindCrowd } from './shouting';

const ROUNDS = 5;

/**
 * Whoever asks behind two hundred of somebody else's waits for a few of them, and not for all that came ahead: counted, since a
 * slow machine is slow with both. Each is as dear to read as one may be, and there is no more of the machine than a few turns
 * of it between what a signature has to wait for.
 */
export const step: Step = async (world) => {
  const shares: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const { ahead, meanwhile, code } = await signBehindCrowd(world);
    expect(code).toBe('OK');
    // Who is answered before all have come proves nothing.
    expect(ahead).toBeGreaterThan(100);
    shares.push(meanwhile / ahead);
    process.stdout.write(`${meanwhile} of the ${ahead} that came ahead were answered before it\n`);
  }
  const [, , middle] = shares.sort((one, other) => one - other);
  expect(middle).toBeLessThan(1 / 2);
};
