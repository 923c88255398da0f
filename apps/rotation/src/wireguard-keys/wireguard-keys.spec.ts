// New WireGuard keys: asked for, and posted, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { subjects } from '@plexsphere/wire';
import { EnrolmentWorld, MESH_DOMAIN, wireguardKey } from '../../testing/enrolment-world';
import { byGateway } from '../enrolment/by-gateway';

jest.setTimeout(60_000);

let world: EnrolmentWorld;
let nodes: string[];
beforeEach(async () => {
  world = await EnrolmentWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }));
  nodes = [];
  for (let i = 0; i < 3; i++) nodes.push((await world.register({ token: await world.token() })).node_id);
  await world.owner.query(`
    INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ('${BUS_NODE}', '${MESH_DOMAIN}', 'on-the-bus', 'U1');
    INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch, settled_platform_epoch)
      VALUES ('${BUS_NODE}', '${MESH_DOMAIN}', 2, 3, 2, 3)`);
});
afterEach(() => world.end());

const BUS_NODE = '00000000-0000-4000-8000-0000000000b5';
const order = () => world.operator('key.rotate');
const rows = <Row>(sql: string, values: unknown[] = []) => world.owner.query<Row[]>(sql, values);
/** Of those that are asked, how long after the first one, in milliseconds. */
const wanted = async (): Promise<Record<string, number>> => {
  const found = await rows<{ id: string; after: number }>(
    `SELECT id, extract(milliseconds FROM wireguard_key_wanted_at - min(wireguard_key_wanted_at) OVER ())::int AS after
       FROM ring.node WHERE wireguard_key_wanted_at IS NOT NULL`,
  );
  return Object.fromEntries(found.map(({ id, after }) => [id, after]));
};

test('one Node is asked for a new key until it has posted one: its peers hear of it, and nobody else', async () => {
  const [node, ...peers] = nodes as [string, ...string[]];
  expect(await world.asking.ask({ nodeId: node }, order())).toMatchObject({ nodes: 1 });
  expect(Object.keys(await wanted())).toEqual([node]);
  const key = wireguardKey();
  expect(await world.post(node, key)).toEqual({ changed: true });
  expect(await wanted()).toEqual({});
  const told = await rows<{ node_id: string; event_type: string; payload: string }>(
    'SELECT m.node_id, e.event_type, e.payload FROM outbox.message m JOIN outbox.event e USING (event_id)',
  );
  expect(told.map(({ node_id }) => node_id).sort()).toEqual(peers.sort());
  for (const { event_type: type, payload } of told) {
    expect([type, JSON.parse(payload)]).toMatchObject(['peer_key_rotated', { id: node, public_key: key }]);
  }
  expect(world.told).toEqual([subjects.outboxChanged]);
  expect(await rows(`SELECT actor, before, after FROM ring.audit WHERE action = 'key.post'`)).toMatchObject([
    { actor: node, before: { node_id: node }, after: { node_id: node, wireguard_key: key } },
  ]);
});

test('the key that it has is no answer, and no news', async () => {
  const [node] = nodes as [string];
  await world.asking.ask({ nodeId: node }, order());
  const [{ key }] = (await rows('SELECT wireguard_key AS key FROM ring.node WHERE id = $1', [node])) as [
    { key: string },
  ];
  expect(await world.post(node, key)).toEqual({ changed: false });
  expect(Object.keys(await wanted())).toEqual([node]);
  expect(await rows('SELECT FROM outbox.message')).toEqual([]);
});

test('a new key comes unasked, too, but none within a minute of the one before: each is a message to all peers', async () => {
  const [node] = nodes as [string];
  const aMinutePasses = () =>
    rows(`UPDATE ring.node SET wireguard_key_since = wireguard_key_since - interval '1 minute' WHERE id = $1`, [node]);
  const tooOften = { detail: 'signing: too often', body: { retry_after: expect.any(Number) } };
  await expect(world.post(node, wireguardKey())).rejects.toMatchObject(tooOften);
  await aMinutePasses();
  const key = wireguardKey();
  expect(await world.post(node, key)).toEqual({ changed: true });
  await expect(world.post(node, wireguardKey())).rejects.toMatchObject(tooOften);
  expect(await world.post(node, key)).toEqual({ changed: false });
  expect(await rows('SELECT DISTINCT event_id FROM outbox.message')).toHaveLength(1);
  await world.asking.ask({ nodeId: node }, order());
  expect(await world.post(node, wireguardKey())).toEqual({ changed: true });
});

test('one that is asked for later is unasked until then', async () => {
  const [node] = nodes as [string];
  await world.asking.ask({ nodeId: node }, order());
  await rows(`UPDATE ring.node SET wireguard_key_wanted_at = now() + interval '1 hour' WHERE id = $1`, [node]);
  await expect(world.post(node, wireguardKey())).rejects.toMatchObject({ detail: 'signing: too often' });
});

test('of a scope all are asked that have one, one after the other; those who are asked already are left', async () => {
  expect(await world.asking.ask({ nodeId: nodes[1] }, order())).toMatchObject({ nodes: 1 });
  const { nodes: asked, asked_until: until } = await world.asking.ask({ scope: MESH_DOMAIN }, order());
  expect(asked).toBe(2);
  expect(new Date(until ?? 0).getTime()).toBeGreaterThan(0);
  const after = await wanted();
  expect(Object.keys(after).sort()).toEqual([...nodes].sort());
  const [first, second] = [nodes[0]!, nodes[2]!].sort() as [string, string];
  expect(after[second]! - after[first]!).toBe(3);
  expect(await world.asking.ask({ scope: MESH_DOMAIN }, order())).toEqual({ nodes: 0, asked_until: null });
});

test.each<[string, object, object]>([
  ['a Node on the bus', { nodeId: BUS_NODE }, { detail: 'signing: no wireguard key', body: { field: 'node_id' } }],
  ['a Node that is none', { nodeId: randomUUID() }, { detail: 'signing: unknown node' }],
  ['a Node of another scope', { scope: 'platform' }, { detail: 'signing: unknown node' }],
  ['a scope that is none', { scope: 'domain:none' }, { detail: 'signing: unknown scope' }],
])('%s is not asked', async (name, asked, refusal) => {
  const named = name === 'a Node of another scope' ? { ...asked, nodeId: nodes[0] } : asked;
  await expect(world.asking.ask(named, order())).rejects.toMatchObject(refusal);
  expect(await wanted()).toEqual({});
});

test.each([
  ['on the bus', BUS_NODE],
  ['that is none', randomUUID()],
])('for a Node %s no gateway speaks: it neither posts a key nor leaves', async (_, node) => {
  const unknown = { detail: 'signing: unknown node' };
  await expect(world.post(node, wireguardKey())).rejects.toMatchObject(unknown);
  await expect(world.leave(node)).rejects.toMatchObject(unknown);
  expect(await rows(`SELECT FROM ring.node WHERE state <> 'enrolled'`)).toEqual([]);
});

test('a Node that leaves is removed, by its own name, and posts nothing any more', async () => {
  const [node] = nodes as [string];
  await world.leave(node);
  expect(await rows(`SELECT state, removed_at IS NOT NULL AS timed FROM ring.node WHERE id = $1`, [node])).toEqual([
    { state: 'removed', timed: true },
  ]);
  expect(await rows(`SELECT actor, action FROM ring.audit WHERE action = 'node.deregister'`)).toEqual([
    { actor: node, action: 'node.deregister' },
  ]);
  expect(await rows('SELECT FROM ring.bus_revocation')).toEqual([]);
  await expect(world.post(node, wireguardKey())).rejects.toMatchObject({ detail: 'signing: unknown node' });
});

test('one request is one key: a repetition by the gateway tells nobody again', async () => {
  const [node] = nodes as [string];
  await world.asking.ask({ nodeId: node }, order());
  const request = { request_id: randomUUID() };
  const key = wireguardKey();
  const post = () => world.posting.post(node, key, byGateway('key.post', node, request));
  expect([await post(), await post()]).toEqual([{ changed: true }, { changed: true }]);
  expect(await rows('SELECT FROM outbox.event')).toHaveLength(1);
});
