import { seededRandom } from '@plexsphere/testkit';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** Of each kind one; the others, too, in the long tests. */
const ROUNDS = Number(process.env['TEST_STILL_ROUNDS'] ?? 1);

/**
 * Each in its turn, from before a rotation until another one has followed it: what then lies in its sockets and queues is of
 * keys that are gone. Nobody waits for the Nodes that it keeps from the news.
 */
export const step: Step = async (world) => {
  const random = seededRandom();
  const nodes = await HttpNodes.begin(world);
  await nodes.addSome(6, { cutMs: 20_000 });
  await nodes.haveApplied();
  nodes.publishSteadily();
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of ['gateway', 'outbox-relay'] as const) {
      const replica = world.stack.services(kind)[round % 2]!;
      await delay(random.integer(0, 500));
      replica.pause();
      try {
        await nodes.rotate();
        await nodes.publish();
        await nodes.close({ force: true });
        await nodes.rotate();
        await delay(random.integer(0, 2_000));
      } finally {
        replica.resume();
      }
      await nodes.haveApplied();
      await nodes.close();
    }
  }
  // docs/guarantees.md: force may cost a Node one envelope, which is sent again.
  for (const { refusals } of nodes.nodes) expect(refusals.length).toBeLessThanOrEqual(2 * ROUNDS);
  await nodes.expectKept({ refused: nodes.refusals });
};
