/**
 * Whatever happens in whatever order to a Node that reads no statement (words that are late or lost, relays that die at any
 * point, streams that are cut, processes that begin anew, rings that change): ids on a stream only rise, nothing is settled
 * that the Node has not taken, it refuses nothing, and in the end it holds the ring and has taken every event. The streams
 * are the keyring's, the relay's part is its SQL on a real PostgreSQL.
 */
import 'reflect-metadata';
import { seededRandom } from '@plexsphere/testkit';
import { ClaimWorld } from '../testing/claim-world';
import { GoStory } from '../testing/go-story';

jest.setTimeout(600_000);

const STEPS = 250;
const ROUNDS = 60;

let world: ClaimWorld;
beforeEach(async () => {
  world = await ClaimWorld.create();
});
afterEach(() => world.end());

test.each([1, 2, 3, 4])('any order ends well: story %i', async () => {
  const random = seededRandom();
  const { mesh, domain } = world;
  const node = await mesh.httpNode(domain);
  const story = new GoStory(world, node, [world.claimer(), world.claimer()], random);
  const applied = async () =>
    (await mesh.messages(node)).filter(({ epoch, outcome }) => epoch === null && outcome === 'applied');
  const often = (times: number, deed: () => unknown): (() => unknown)[] => Array.from({ length: times }, () => deed);
  const deeds = [
    ...often(5, () => story.claim()),
    ...often(5, () => story.send()),
    ...often(5, () => story.mark()),
    ...often(6, () => story.hear()),
    ...often(4, () => story.handleWord()),
    ...often(4, () => story.open()),
    ...often(3, () => story.takeState()),
    ...often(3, () => story.publish()),
    ...often(2, () => story.changeRing()),
    ...often(2, () => story.cut()),
    () => story.beImpatient(),
    () => story.die(),
    () => random.next() < 0.3 && story.restart(),
    () => random.next() < 0.3 && story.words.pop(),
    () => story.rest(),
  ];
  for (let step = 0; step < STEPS; step++) {
    await random.pick(deeds)();
    for (const { event_id: eventId } of await applied()) expect(story.daemon.accepted).toContain(eventId);
  }

  const isOver = async (): Promise<boolean> => {
    const { settled_epoch: epoch } = await mesh.stream(node);
    return epoch === mesh.of(domain).trustEpoch && (await applied()).length === story.published.length;
  };
  for (let round = 0; round < ROUNDS && !(await isOver()); round++) {
    await mesh.set(node, `claim_deadline = clock_timestamp() - interval '1 s'`);
    await story.open();
    await story.rest();
    if (story.isWaiting) await story.takeState();
    await story.rest();
    await story.beImpatient();
    await story.rest();
    // One that waits ends as well, once its patience is over: what it told keeps any state from proving something on it.
    if (!story.isWaiting || round % 3 === 2) story.cut();
  }
  expect(story.daemon.refused).toEqual([]);
  expect(await isOver()).toBe(true);
  expect([...story.daemon.accepted].sort()).toEqual([...story.published].sort());
});
