// Messages of key events, marked behind what has settled them, on a real PostgreSQL and under the relay's own role.
import 'reflect-metadata';
import { PLATFORM } from '@plexsphere/wire';
import { ClaimWorld, ack } from '../../testing/claim-world';
import { deleteKeyMessages } from '../housekeeping/delete-key-messages';
import { markKeys } from './mark-keys';

jest.setTimeout(60_000);

let world: ClaimWorld;
let domain: string;
beforeEach(async () => {
  world = await ClaimWorld.create();
  ({ domain } = world);
});
afterEach(() => world.end());

const DAY_MS = 86_400_000;
const outcomes = async (nodeId: string) =>
  (await world.messages(nodeId)).map(({ epoch, state, outcome }) => [epoch, outcome ?? state]);
const counts = async () => {
  const { rows } = await world.mesh.pool.query<{ counts: number[] }>(
    'SELECT ARRAY[nodes, applied, superseded] AS counts FROM outbox.event WHERE epoch IS NOT NULL ORDER BY created_at',
  );
  return rows.map((row) => row.counts);
};

test('each message is marked once, by its own ring, and its event counts it', async () => {
  const node = await world.mesh.node(domain);
  const other = await world.mesh.node(domain);
  await world.mesh.rotate(domain, 'd2');
  await world.mesh.rotate(PLATFORM, 'p2');
  const by = world.claimer();
  await world.drain(by);
  expect(await outcomes(node)).toEqual([
    [2, 'sent'],
    [2, 'sent'],
  ]);
  await world.settle(ack(node, 2, 0, 1), ack(other, 2, 0, 2));
  await world.settle(ack(node, 2, 0, 1), ack(other, 2, 0, 2));
  expect(await outcomes(node)).toEqual([
    [2, 'applied'],
    [2, 'sent'],
  ]);
  expect(await outcomes(other)).toEqual([
    [2, 'applied'],
    [2, 'applied'],
  ]);
  expect(await counts()).toEqual([
    [2, 2, 0],
    [2, 1, 0],
  ]);
});

test('what was told and applied before stays applied, however late it is marked; what was passed over is superseded', async () => {
  const quick = await world.mesh.node(domain);
  const slow = await world.mesh.node(domain, { present: false });
  const by = world.claimer();
  await world.mesh.rotate(domain, 'd2');
  const claims = await by.claims.take(2);
  for (const claim of claims) {
    if (claim.node.nodeId === quick) await world.mark(by, claim);
    else await by.results.released({ ...claim.node, deferMs: 0 });
  }
  await world.settle(ack(quick, 2, 0));
  await world.mesh.closeRotation(domain);
  await world.mesh.rotate(domain, 'd3');
  await world.drain(by);
  // None of it is marked so far.
  await world.settle(ack(quick, 4, 0), ack(slow, 4, 0));
  expect(await outcomes(quick)).toEqual([
    [2, 'applied'],
    [3, 'superseded'],
    [4, 'applied'],
  ]);
  expect(await outcomes(slow)).toEqual([
    [2, 'superseded'],
    [3, 'superseded'],
    [4, 'applied'],
  ]);
  expect(await counts()).toEqual([
    [2, 1, 1],
    [2, 0, 2],
    [2, 2, 0],
  ]);
});

test('whoever has left needs none of it any more, as rotation writes it down', async () => {
  const [left, there] = [await world.mesh.node(domain), await world.mesh.node(domain)];
  await world.mesh.rotate(domain, 'd2');
  await world.mesh.rotate(PLATFORM, 'p2');
  await world.settle(ack(left, 1, 0, 1));
  await world.mesh.pool.query(`
    INSERT INTO outbox.key_mark (marks) VALUES ('[{"node_id": "${left}", "scope": "${domain}", "how": "left", "after_epoch": 1,
      "epoch": 9007199254740991, "after_platform_epoch": 1, "platform_epoch": 9007199254740991}]')`);
  expect(await outcomes(left)).toEqual([
    [2, 'superseded'],
    [2, 'superseded'],
  ]);
  expect((await outcomes(there)).map(([, state]) => state)).toEqual(['unsent', 'unsent']);
  expect(await counts()).toEqual([
    [2, 0, 1],
    [2, 0, 1],
  ]);
});

test('what a relay wrote down and did not come to, another marks; of two at once each message is counted once', async () => {
  const nodes = await Promise.all(Array.from({ length: 20 }, () => world.mesh.node(domain)));
  await world.mesh.rotate(domain, 'd2');
  await world.drain(world.claimer());
  for (const node of nodes) await world.settle(ack(node, 2, 0));
  const all = async (): Promise<void> => {
    while (await markKeys(world.source));
  };
  await Promise.all([all(), all(), all()]);
  expect(await counts()).toEqual([[20, 20, 0]]);
  expect((await world.mesh.pool.query('SELECT FROM outbox.key_mark')).rowCount).toBe(0);
});

describe('in its time', () => {
  const retained = (): Promise<void> =>
    deleteKeyMessages(world.source.manager, 7 * DAY_MS, new AbortController().signal);
  const ageAll = () => world.mesh.pool.query(`UPDATE outbox.event SET created_at = created_at - interval '8 days'`);

  test('an event that all have settled is deleted, with its messages; one that somebody lacks stays', async () => {
    const node = await world.mesh.node(domain);
    const eventId = await world.mesh.rotate(domain, 'd2');
    await world.drain(world.claimer());
    await ageAll();
    await retained();
    expect(await outcomes(node)).toEqual([[2, 'sent']]);
    await world.settle(ack(node, 2, 0));
    expect(await outcomes(node)).toEqual([[2, 'applied']]);
    const young = await world.mesh.rotate(PLATFORM, 'p2');
    await retained();
    expect((await world.mesh.messages(node)).map(({ event_id }) => event_id)).toEqual([young]);
    const { rows } = await world.mesh.pool.query('SELECT event_id FROM outbox.event');
    expect(rows).toEqual([{ event_id: young }]);
    expect(eventId).not.toBe(young);
  });

  test('what an absent Node lacks does not grow for ever: a later change of trust stands for it', async () => {
    const asleep = await world.mesh.node(domain, { present: false });
    await world.mesh.rotate(domain, 'd2');
    await world.mesh.closeRotation(domain);
    await world.mesh.rotate(domain, 'd3');
    await ageAll();
    await retained();
    expect(await outcomes(asleep)).toEqual([[4, 'unsent']]);
    await world.drain(world.claimer());
    await world.settle(ack(asleep, 4, 0));
    expect(await outcomes(asleep)).toEqual([[4, 'applied']]);
  });
});
