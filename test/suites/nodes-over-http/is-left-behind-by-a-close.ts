import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@plexsphere/testkit';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

const ROUNDS = 3;

/** Somebody forces it, after as long as it takes a Node to hear of a rotation, or to prove that it has. */
export const step: Step = async (world) => {
  const random = seededRandom();
  const nodes = await HttpNodes.begin(world);
  await nodes.addSome(4, { cutMs: 5_000 });
  await nodes.haveApplied();
  nodes.publishSteadily(200);
  for (let n = 1; n <= ROUNDS; n++) {
    await nodes.rotate();
    await delay(random.integer(0, 1_500));
    await nodes.close({ force: true });
    await nodes.haveApplied();
  }
  // docs/guarantees.md: force may cost a Node one envelope, which is sent again.
  for (const { refusals } of nodes.nodes) expect(refusals.length).toBeLessThanOrEqual(ROUNDS);
  await nodes.expectKept({ refused: nodes.refusals });
};
