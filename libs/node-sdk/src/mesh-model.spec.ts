/**
 * Whatever becomes of the platform's ring and a Domain's, and whoever sleeps, loses messages or is lied to: in the end both
 * Nodes hold the rings as they are, soon, and no thief was ever trusted where he cannot reach. Over the product's own
 * functions: what the domain decides, statements and their walk, what a Node makes of its messages. MODEL_STORIES,
 * MESH_DEPTH and MESH_FAULTS make it longer.
 */
import { seededRandom, type SeededRandom } from '@plexsphere/testkit';
import { computeOnce } from '../testing/mesh-model/crypto-once';
import { MeshModel } from '../testing/mesh-model/mesh-model';
import { EveryState } from '../testing/mesh-model/every-state';
import {
  comebackStory,
  elsewhenStory,
  forkStory,
  misnumberedStory,
  overtakenStory,
  recoveryBetweenStory,
} from '../testing/mesh-model/rare-stories';
import { anyStory, crossingStory, hearAll, replayStory, theftStory, type Faults } from '../testing/mesh-model/stories';

const STORIES = Number(process.env['MODEL_STORIES'] ?? 10);
/** Of the search through all states; in test:long two orders (mesh-model.long.spec.ts). */
const MOST = { orders: Number(process.env['MESH_DEPTH'] ?? 1), faults: Number(process.env['MESH_FAULTS'] ?? 2) };

jest.setTimeout(3_600_000);
beforeAll(computeOnce);

/** Nothing that comes after a violation would be worth its time. */
let isOver = false;

async function many(stories: number, tell: (random: SeededRandom) => Promise<unknown>): Promise<void> {
  const random = seededRandom();
  for (let story = 1; story <= stories && !isOver; story += 1) {
    await told(() => tell(random), `in story ${story} of ${stories}`);
  }
}

async function told<T>(tell: () => Promise<T>, which: string): Promise<T> {
  try {
    return await tell();
  } catch (error) {
    isOver = true;
    if (error instanceof Error) error.message += `\n${which}`;
    throw error;
  }
}

test('any story without a fault: nothing is refused', () =>
  many(STORIES, async (random) => {
    const { ends, trace } = await anyStory(random, random.integer(5, 60), { sleep: false, loss: false, theft: false });
    const refusals = Object.values(ends).flatMap(({ node }) => node.refusals);
    if (refusals.length > 0) throw new Error(trace.join('\n'));
  }));

test.each<[string, number, Faults]>([
  ['Nodes sleep and lose messages', 2 * STORIES, { sleep: true, loss: true, theft: false }],
  ['and a thief has one key for a while', 3 * STORIES, { sleep: true, loss: true, theft: true }],
  ['a thief, and Nodes that hear everything', STORIES, { sleep: false, loss: false, theft: true }],
])('any story: %s', (_, stories, faults) => many(stories, (random) => anyStory(random, random.integer(5, 60), faults)));

test.each([
  ['news of both rings that cross', 4 * STORIES, crossingStory],
  ['a thief who makes the best of a key', 6 * STORIES, theftStory],
  ['a thief who shows again what was said', 4 * STORIES, replayStory],
])('%s', (_, stories, tell) => many(stories, tell));

// What chance hardly ever brings about.
test.each([
  ['a key that comes back', 2 * STORIES, comebackStory],
  ['what the platform vouches for after a recovery', STORIES, recoveryBetweenStory],
  ['a fork without a way back', 3 * STORIES, forkStory],
  ['numbers that are none', STORIES, misnumberedStory],
  ['a key that vouches as of another time', STORIES, elsewhenStory],
  ['what was overtaken, and is shown over a fork', 2 * STORIES, overtakenStory],
])('%s', (_, stories, tell) => many(stories, tell));

test.each(['platform', 'domain'] as const)('every state of the %s Node', async (whose) => {
  if (isOver) return;
  const states = await told(() => new EveryState(whose, MOST).search(), 'in every state');
  console.info(`${states} states of ${JSON.stringify(MOST)}`);
  expect(states).toBeGreaterThan(100);
});

test('a platform key that was stolen after it retired does not bring back the time when it was active', async () => {
  const model = await MeshModel.create();
  const { plane, ends } = model;
  await model.order('platform', 'revoke_active');
  await hearAll(model);
  const stolen = plane.rings.platform.active;
  await model.order('platform', 'rotate');
  await hearAll(model);
  await model.order('platform', 'close');
  await hearAll(model);

  const claim = plane.rings.platform.anchors[1]!;
  const revoke = plane.rings.platform.statements[1]!;
  for (const { node } of Object.values(ends)) {
    const held = node.state;
    const own = node.isPlatforms ? claim : plane.rings.domain.anchors.at(-1)!;
    const bundle = await plane.bundle(node.scope, stolen, { ...own, platform: claim });
    const text = JSON.stringify({ platform_statements: [revoke.text], statements: [], bundle });
    await node.take({ kind: 'chain', text }, plane.now);
    expect(node.refusals).toEqual(['fork']);
    expect(node.state).toBe(held);
  }
});
