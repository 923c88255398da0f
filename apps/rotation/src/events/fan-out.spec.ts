// Whom an event is written for, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { EnrolmentWorld, MESH_DOMAIN } from '../../testing/enrolment-world';
import { fanOutToPeers, fanOutToScope } from './fan-out';
import { tellOfKeys, type KeyAudience, type ToldOfKeys } from './tell-of-keys';

jest.setTimeout(60_000);

const ON_THE_BUS = '00000000-0000-4000-8000-0000000000b5';

let world: EnrolmentWorld;
let go: string;
let sdk: string;
beforeEach(async () => {
  world = await EnrolmentWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }));
  go = (await world.register({ token: await world.token() })).node_id;
  sdk = (await world.register({ token: await world.token(), listens: 'sdk' })).node_id;
  await world.owner.query(`
    INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ('${ON_THE_BUS}', '${MESH_DOMAIN}', 'on-the-bus', 'U1');
    INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch, settled_platform_epoch)
      VALUES ('${ON_THE_BUS}', '${MESH_DOMAIN}', 2, 3, 2, 3)`);
});
afterEach(() => world.end());

const event = (scope: string) => ({ eventId: randomUUID(), scope, eventType: 'x', payload: null });
const keyEvent = (scope: string, epoch: number) => ({ eventId: randomUUID(), scope, eventType: 'x', epoch });

const told = (change: ReturnType<typeof keyEvent>, audience: KeyAudience): Promise<ToldOfKeys> =>
  world.database.transaction((manager) => tellOfKeys(manager, change, audience));

const rowsOf = async (table: string, eventId: string): Promise<string[]> => {
  const rows = await world.owner.query<{ node_id: string }[]>(
    `SELECT node_id FROM outbox.${table} WHERE event_id::text = $1`,
    [eventId],
  );
  return rows.map(({ node_id }) => node_id).sort();
};
const nodesOf = async (eventId: string): Promise<unknown> =>
  (await world.owner.query<{ nodes: number }[]>('SELECT nodes FROM outbox.event WHERE event_id = $1', [eventId]))[0];

test('every Node of the scope hears of a change of its trust; of another change those who read statements', async () => {
  const [trust, close] = [keyEvent(MESH_DOMAIN, 3), keyEvent(MESH_DOMAIN, 4)];
  expect(await told(trust, { ownNodes: 'all', otherNodes: false })).toEqual({ nodes: 3, otherNodes: null });
  expect(await rowsOf('key_message', trust.eventId)).toEqual([ON_THE_BUS, go, sdk].sort());
  expect(await told(close, { ownNodes: 'readers', otherNodes: false })).toEqual({ nodes: 2, otherNodes: null });
  expect(await rowsOf('key_message', close.eventId)).toEqual([ON_THE_BUS, sdk].sort());
  expect(await nodesOf(close.eventId)).toEqual({ nodes: 2 });
});

test('of the platform’s ring the Domains’ Nodes hear that read statements', async () => {
  const change = keyEvent('platform', 4);
  expect(await told(change, { ownNodes: 'all', otherNodes: true })).toEqual({ nodes: 0, otherNodes: 2 });
  expect(await rowsOf('key_message', change.eventId)).toEqual([ON_THE_BUS, sdk].sort());
  expect(await nodesOf(change.eventId)).toEqual({ nodes: 2 });
});

test('nobody who has left is told', async () => {
  await world.owner.query(`UPDATE ring.node SET state = 'removed', removed_at = now() WHERE id = '${ON_THE_BUS}'`);
  const change = keyEvent(MESH_DOMAIN, 3);
  expect(await told(change, { ownNodes: 'all', otherNodes: false })).toMatchObject({ nodes: 2 });
  expect(await rowsOf('key_message', change.eventId)).toEqual([go, sdk].sort());
});

test('of what is said to a whole scope everybody hears, and the number is kept', async () => {
  const news = event(MESH_DOMAIN);
  expect(await world.database.transaction((manager) => fanOutToScope(manager, news))).toBe(3);
  expect(await rowsOf('message', news.eventId)).toEqual([ON_THE_BUS, go, sdk].sort());
  expect(await nodesOf(news.eventId)).toEqual({ nodes: 3 });
});

test('peers are those of the scope that have tunnels, but for the one that it is about', async () => {
  const key = event(MESH_DOMAIN);
  expect(await world.database.transaction((manager) => fanOutToPeers(manager, go, key))).toBe(1);
  expect(await rowsOf('message', key.eventId)).toEqual([sdk]);
});
