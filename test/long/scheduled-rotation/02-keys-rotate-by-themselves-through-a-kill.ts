import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

const ROTATIONS = 3;

/** Whichever replica it is that acts: in between each of them dies once. */
export const step: Step = async (world) => {
  const ended = async (): Promise<number> =>
    (await world.query(`SELECT FROM ring.transition WHERE scope = $1 AND outcome = 'closed'`, [world.domain])).length;
  for (const rotation of world.stack.services('rotation')) {
    const before = await ended();
    await eventually(async () => (await ended()) > before, { describe: 'a rotation by itself', timeoutMs: 90_000 });
    await rotation.kill();
    await rotation.start();
  }
  await eventually(async () => (await ended()) >= ROTATIONS, { describe: 'rotations after it', timeoutMs: 90_000 });
};
