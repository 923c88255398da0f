/**
 * Whatever becomes of a ring, of a Node that reads no statement, of its streams on two gateways and of the relay: nothing is
 * settled that the Node has not taken, or does not hold; it is never taken back; and once nothing goes wrong any more all
 * comes right within minutes. MODEL_STORIES makes it longer.
 */
import { seededRandom, type SeededRandom } from '@plexsphere/testkit';
import { RARE_STORIES } from '../testing/go-node-model/rare-stories';
import { rareStory } from '../testing/go-node-model/rare-stories/rare-story';
import { sleepStory } from '../testing/go-node-model/sleep-story';
import { anyStory } from '../testing/go-node-model/stories';

const STORIES = Number(process.env['MODEL_STORIES'] ?? 150);

jest.setTimeout(3_600_000);

/** Nothing that comes after a violation would be worth its time. */
let isOver = false;

function many(stories: number, tell: (random: SeededRandom) => unknown): void {
  const random = seededRandom();
  for (let story = 1; story <= stories && !isOver; story += 1) {
    try {
      tell(random);
    } catch (error) {
      isOver = true;
      if (error instanceof Error) error.message += `\nin story ${story} of ${stories}`;
      throw error;
    }
  }
}

test.each(RARE_STORIES)('%s', (_, tell) => many(Math.ceil(STORIES / 10), (random) => rareStory(random, tell)));

test.each([
  [1, 20],
  [300, 4],
  [1_000, 1],
])('a Node that sleeps through %d rotations', (rotations, stories) =>
  many(stories, (random) => rareStory(random, sleepStory(rotations))),
);

test.each([
  ['everybody in their own time', STORIES, { trouble: false }],
  ['messages get lost, whoever acts dies or is late', 2 * STORIES, { trouble: true }],
])('any story: %s', (_, stories, faults) =>
  many(stories, (random) => anyStory(random, random.integer(5, 150), faults)),
);
