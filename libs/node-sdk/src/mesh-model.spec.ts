/**
 * Whatever becomes of the platform's ring and a Domain's, and whoever sleeps, loses messages or is lied to: in the end both
 * Nodes hold the rings as they are, soon, and no thief was ever trusted where he cannot reach. Over the product's own
 * functions: what the domain decides, statements and their walk, what a Node makes of its messages. MESH_STORIES and
 * MESH_DEPTH make it longer.
 */
import { seededRandom } from '@plexsphere/testkit';
import { computeOnce } from '../testing/mesh-model/crypto-once';
import { anyStory, everyStory, type Faults } from '../testing/mesh-model/mesh-model';

const STORIES = Number(process.env['MESH_STORIES'] ?? 40);
const DEPTH = Number(process.env['MESH_DEPTH'] ?? 2);

jest.setTimeout(3_600_000);
beforeAll(computeOnce);

test('any story without a fault: nothing is refused', async () => {
  const random = seededRandom();
  for (let story = 0; story < STORIES; story += 1) {
    const { ends, trace } = await anyStory(random, random.integer(5, 60), { sleep: false, loss: false, theft: false });
    const refusals = Object.values(ends).flatMap(({ node }) => node.refusals);
    if (refusals.length > 0) throw new Error(trace.join('\n'));
  }
});

test.each<[string, number, Faults]>([
  ['Nodes sleep and lose messages', 2 * STORIES, { sleep: true, loss: true, theft: false }],
  ['and a thief has one key for a while', 3 * STORIES, { sleep: true, loss: true, theft: true }],
  ['a thief, and Nodes that hear everything', STORIES, { sleep: false, loss: false, theft: true }],
])('any story: %s', async (_, stories, faults) => {
  const random = seededRandom();
  for (let story = 0; story < stories; story += 1) await anyStory(random, random.integer(5, 60), faults);
});

test(`every story of ${DEPTH} orders, slept through from any of them on`, async () => {
  expect(await everyStory(DEPTH)).toBeGreaterThan(20);
});
