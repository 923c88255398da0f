// Whom an event is written for, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { EnrolmentWorld, MESH_DOMAIN } from '../../testing/enrolment-world';
import { fanOutToOthers, fanOutToPeers, fanOutToReaders, fanOutToScope } from './fan-out';

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

const event = (scope: string, epoch: number | null = null) => ({
  ...{ eventId: randomUUID(), scope, eventType: 'x', payload: null, epoch },
});
const toldOf = async (eventId: string): Promise<string[]> => {
  const rows = await world.owner.query<{ node_id: string }[]>(
    'SELECT node_id FROM outbox.message WHERE event_id = $1',
    [eventId],
  );
  return rows.map(({ node_id }) => node_id).sort();
};

test('every Node of the scope hears of a change of its trust; of another change those who read statements', async () => {
  const [trust, close] = [event(MESH_DOMAIN, 3), event(MESH_DOMAIN, 4)];
  expect(await fanOutToScope(world.database.manager, trust)).toBe(3);
  expect(await toldOf(trust.eventId)).toEqual([ON_THE_BUS, go, sdk].sort());
  expect(await fanOutToReaders(world.database.manager, close)).toBe(2);
  expect(await toldOf(close.eventId)).toEqual([ON_THE_BUS, sdk].sort());
});

test('of the platform’s ring the Domains’ Nodes hear that read statements', async () => {
  const change = event('platform', 4);
  expect(await fanOutToScope(world.database.manager, change)).toBe(0);
  expect(await fanOutToOthers(world.database.manager, change)).toBe(2);
  expect(await toldOf(change.eventId)).toEqual([ON_THE_BUS, sdk].sort());
});

test('peers are those of the scope that have tunnels, but for the one that it is about', async () => {
  const key = event(MESH_DOMAIN);
  expect(await fanOutToPeers(world.database.manager, go, key)).toBe(1);
  expect(await toldOf(key.eventId)).toEqual([sdk]);
});
