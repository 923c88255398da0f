import { eventually } from '@plexsphere/testkit';
import { killOneOfEach } from '../../src/kills';
import type { Step } from '../../src/tell-story';

const ROTATIONS = 3;

/** Whichever replica it is that acts: in between each of them dies once, and a signer and a relay with it. */
export const step: Step = async (world) => {
  const ended = async (): Promise<number> =>
    (await world.query(`SELECT FROM ring.transition WHERE scope = $1 AND outcome = 'closed'`, [world.domain])).length;
  for (let replica = 0; replica < world.stack.services('rotation').length; replica += 1) {
    const before = await ended();
    await eventually(async () => (await ended()) > before, { describe: 'a rotation by itself', timeoutMs: 90_000 });
    await killOneOfEach(world);
  }
  await eventually(async () => (await ended()) >= ROTATIONS, { describe: 'rotations after it', timeoutMs: 90_000 });
};
