/** Several messages a claim, on a real PostgreSQL. */
import 'reflect-metadata';
import { ClaimWorld, messagesOf, ordinaryIds, type Claimer } from '../../testing/claim-world';
import type { SeededMesh } from '../../testing/seeded-mesh';
import type { Claim } from './claims';

let world: ClaimWorld;
let mesh: SeededMesh;
let by: Claimer;

beforeEach(async () => {
  world = await ClaimWorld.create();
  ({ mesh } = world);
  by = world.claimer();
});
afterEach(() => world.end());

const publish = async (count: number, payload = '{}'): Promise<void> => {
  for (let i = 0; i < count; i++) await mesh.publish(world.domain, payload);
};
const take = async (limit = 512): Promise<Claim[]> => await by.claims.take(limit);
const positions = (claim: Claim | undefined): number[] =>
  messagesOf(claim!).map((message) => (message.kind === 'ordinary' ? message.event.position : Number.NaN));
const eventOf = (claim: Claim | undefined) => {
  const { message } = claim!;
  if (message.kind !== 'ordinary') throw new Error(message.kind);
  const { eventId, id } = message.event;
  return { eventId, id };
};
const upTo = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('32 of a Node, each with its own position, in the order in which they were written', async () => {
  const node = await mesh.node(world.domain);
  await publish(40);
  const [claim] = await take();
  expect(positions(claim)).toEqual(upTo(1, 32));
  const events = messagesOf(claim!).flatMap((message) => (message.kind === 'ordinary' ? [message.event.eventId] : []));
  const written = (await mesh.messages(node)).map(({ event_id }) => event_id);
  expect(events).toEqual(written.slice(0, 32));
  expect((await mesh.stream(node)).last_position).toBe(32);
  await world.mark(by, claim!);
  expect(positions((await take())[0])).toEqual(upTo(33, 40));
});

test('what of a claim was not published keeps its position, and goes first the next time', async () => {
  const node = await mesh.node(world.domain);
  await publish(6);
  const [claim] = await take();
  const { nodeId, attempt } = claim!.node;
  const published = messagesOf(claim!).slice(0, 2);
  await by.results.published({
    nodeId,
    attempt,
    sequence: 7,
    marks: { told: {} },
    ordinaryIds: ordinaryIds(published),
  });
  const rows = (await mesh.messages(node)).map(({ state, position }) => [state, position]);
  expect(rows).toEqual([1, 2, 3, 4, 5, 6].map((position) => [position <= 2 ? 'sent' : 'unsent', position]));
  await expect(mesh.stream(node)).resolves.toMatchObject({ last_sequence: 7, last_position: 6, claim_owner: null });
  await publish(2);
  expect(positions((await take())[0])).toEqual(upTo(3, 8));
});

test('of a claim that was lost nothing is marked', async () => {
  const node = await mesh.node(world.domain);
  await publish(3);
  const [claim] = await take();
  await mesh.set(node, `claim_deadline = clock_timestamp() - interval '1 s'`);
  const [other] = await world.claimer().claims.take(1);
  expect(positions(other)).toEqual([1, 2, 3]);
  await world.mark(by, claim!);
  expect((await mesh.messages(node)).map(({ state }) => state)).toEqual(['unsent', 'unsent', 'unsent']);
});

test('so many fewer of each as more Nodes are claimed', async () => {
  await Promise.all(Array.from({ length: 128 }, () => mesh.node(world.domain)));
  await publish(20);
  const claims = await take();
  expect(claims).toHaveLength(128);
  expect(new Set(claims.map((claim) => messagesOf(claim).length))).toEqual(new Set([16]));
});

test('no more text than some; the first goes however long it is', async () => {
  await mesh.node(world.domain);
  await publish(4, JSON.stringify('x'.repeat(30_000)));
  expect(positions((await take())[0])).toEqual([1, 2]);
});

test('a Node that cannot acknowledge gets one', async () => {
  const node = await mesh.httpNode(world.domain);
  await mesh.set(node, `waits_since = NULL, ready_epoch = told_epoch, ready_position = 1, last_position = 1`);
  await publish(3);
  const [claim] = await take();
  expect(positions(claim)).toEqual([2]);
});

test('to it goes what was written first, whatever positions were claimed and covered in vain', async () => {
  const node = await mesh.httpNode(world.domain);
  await mesh.set(node, `waits_since = NULL, ready_epoch = told_epoch, ready_position = 1, last_position = 1`);
  await publish(2);
  const [first] = await take();
  await by.results.released({ ...first!.node, deferMs: 0 });
  await mesh.set(node, `settled_position = last_position`);
  const [again] = await take();
  expect(messagesOf(again!)).toMatchObject([{ event: { ...eventOf(first), position: 3 } }]);
});

test('thousands that wait for one Node hold up nobody: whoever comes meanwhile has its turn with it', async () => {
  const busy = await mesh.node(world.domain);
  await publish(100);
  const quiet = await mesh.node(world.domain);
  await publish(1);
  const turns: [string, number][] = [];
  for (let i = 0; i < 3; i++) {
    const [claim] = await take(1);
    await world.mark(by, claim!);
    by.claims.goesOn(claim!);
    turns.push([claim!.node.nodeId, positions(claim).length]);
  }
  expect(turns).toContainEqual([quiet, 1]);
  expect(turns.filter(([nodeId]) => nodeId === busy)).toEqual([
    [busy, 32],
    [busy, 32],
  ]);
});
