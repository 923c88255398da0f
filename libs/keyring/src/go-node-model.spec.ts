/**
 * Whatever becomes of a ring, of a Node that reads no statement, of its streams on two gateways and of the relay: nothing is
 * settled that the Node has not taken, or does not hold; it is never taken back; and once nothing goes wrong any more all
 * comes right within minutes. GO_STORIES makes it longer.
 */
import { seededRandom } from '@plexsphere/testkit';
import { anyStory } from '../testing/go-node-model/stories';

const STORIES = Number(process.env['GO_STORIES'] ?? 150);

jest.setTimeout(3_600_000);

test.each([
  ['everybody in their own time', STORIES, { trouble: false }],
  ['messages get lost, whoever acts dies or is late', 2 * STORIES, { trouble: true }],
])('any story: %s', (_, stories, faults) => {
  const random = seededRandom();
  for (let story = 0; story < stories; story += 1) anyStory(random, random.integer(5, 150), faults);
});
