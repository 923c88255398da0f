import { eventually, seededRandom } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

/** Four in the long tests. */
const ROUNDS = Number(process.env['TEST_KILL_ROUNDS'] ?? 1);

/** Each process once a round, in a new order; a rotation is opened in the middle of each round, and closed after it. */
export const step: Step = async (world) => {
  const random = seededRandom();
  for (let round = 1; round <= ROUNDS; round++) {
    const victims = random.shuffle(world.stack.processes());
    const rotation = ['signing', 'rotate', '--scope', world.domain, '--new-key-id', `k${round}`];
    let rotated: Promise<unknown> = Promise.resolve();
    for (const [i, victim] of victims.entries()) {
      if (i === Math.floor(victims.length / 2)) rotated = untilDone(world, rotation, 'signing: rotation in progress');
      await victim.kill();
      await victim.start();
    }
    await rotated;
    await closeWhenApplied(world, round);
  }
};

/** An operator who was told "outcome unknown" or "unavailable" asks again; `done` says that an earlier try had worked. */
const untilDone = (world: World, args: string[], done: string): Promise<unknown> =>
  eventually(
    async () => {
      const ran = await world.plexctl(args);
      return ran.exitCode === 0 || ran.stderr.includes(done);
    },
    { describe: args.join(' ') },
  );

async function closeWhenApplied(world: World, round: number): Promise<void> {
  const triple = ['--old', `k${round - 1}`, '--new', `k${round}`];
  await untilDone(world, ['signing', 'close', '--scope', world.domain, ...triple], 'signing: no open rotation');
}
