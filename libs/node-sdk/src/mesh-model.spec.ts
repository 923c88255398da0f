/**
 * Whatever becomes of the platform's ring and a Domain's, and whoever sleeps, loses messages or is lied to: in the end both
 * Nodes hold the rings as they are, soon, and no thief was ever trusted where he cannot reach.
 */
import { seededRandom } from '@plexsphere/testkit';
import { anyStory, type Faults } from '../testing/mesh-model/mesh-model';

const STORIES = Number(process.env['MESH_STORIES'] ?? 150);

jest.setTimeout(3_600_000);

test.each<[string, Faults]>([
  ['nobody sleeps and nothing is lost', { sleep: false, loss: false, theft: false }],
  ['Nodes sleep and lose messages', { sleep: true, loss: true, theft: false }],
  ['and a thief has one key for a while', { sleep: true, loss: true, theft: true }],
])('any story: %s', async (_, faults) => {
  const random = seededRandom();
  for (let story = 0; story < STORIES; story += 1) {
    const steps = random.integer(5, 60);
    const { ends, trace } = await anyStory(random, steps, faults);
    if (faults.sleep) continue;
    for (const { node } of Object.values(ends)) expect([trace, node.refusals]).toEqual([trace, []]);
  }
});
