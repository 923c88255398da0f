// A channel's life, on a real PostgreSQL under rotation's own role; signers and members are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { ChannelWorld } from '../../testing/channel-world';
import { HOLDERS, Heart, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let replica: Replica;
let world: ChannelWorld;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replica = await heart.replica();
  world = new ChannelWorld(heart, replica);
});
afterEach(() => heart.stop());

const KEY = new RegExp(`^key-\\d{8}$`);

test('is made with both its rings, each with one secret that a signer made, and nothing stated', async () => {
  const requestId = randomUUID();
  const created = await world.create(replica, requestId);
  expect(created).toEqual({
    ...{ slug: 'pay', sides: ['app', 'plugin'] },
    rings: world.scopes.map((scope) => ({ scope, epoch: 1, active_key_id: expect.stringMatching(KEY) })),
  });
  const stored = await world.stored();
  expect(stored.keys).toMatchObject([
    { algorithm: 'HS256', publicKey: null, checkValue: expect.any(String), stagedEpoch: 1 },
  ]);
  expect(stored.head).toBeNull();
  // A repetition, also by another replica, completes it and makes nothing.
  expect(await world.create(await heart.replica(), requestId)).toEqual(created);
  await expect(world.create()).rejects.toMatchObject({ code: 'ALREADY_EXISTS', detail: 'signing: channel exists' });
});

test('who joins is a Node of the platform, part of both rings as signers take them, and alone is told', async () => {
  await world.create();
  const app = await world.add({ side: 'app', name: 'app-1' });
  expect(app).toMatchObject({ slug: 'pay', side: 'app', sink: false, bus_jwt: 'a credential', bundle: 'a bundle' });
  expect(app.rings).toEqual(world.scopes.map((scope) => expect.objectContaining({ scope, epoch: 2 })));
  expect(await world.told()).toEqual(world.scopes.map((scope) => `app-1 ${scope}`));
  const plugin = await world.add({ side: 'plugin', name: 'plugin-1', overHttp: true });
  expect(plugin).toMatchObject({ bus_jwt: null });
  expect(await world.told()).toEqual(world.scopes.map((scope) => `plugin-1 ${scope}`));
  expect(
    await heart.owner.query(`SELECT scope, listens FROM outbox.node_stream WHERE node_id = ANY ($1) ORDER BY listens`, [
      [app.node_id, plugin.node_id],
    ]),
  ).toEqual([
    { scope: 'platform', listens: 'bus' },
    { scope: 'platform', listens: 'sdk' },
  ]);
  // Neither epoch nor payload: what it says is what the ring is when it is sent. Its id is the Node's own.
  expect(
    await heart.owner.query(
      `SELECT DISTINCT epoch, payload, nodes, split_part(event_id, '/', 1) = node_id::text AS own
         FROM outbox.event JOIN (SELECT event_id, node_id FROM outbox.message) AS message USING (event_id)`,
    ),
  ).toEqual([{ epoch: null, payload: null, nodes: 1, own: true }]);
});

test('a key is staged, told to who receives, proven, and signs then', async () => {
  const { plugin } = await world.withTwo();
  await world.told();
  const [first] = await world.states();
  const opened = await world.rotate('k2');
  expect(opened).toMatchObject({ phase: 'staged', waiting_for: ['plugin-1'], new_key_id: 'k2', nodes: 1 });
  expect(opened.confirmed).toEqual(HOLDERS);
  expect(await world.told()).toEqual([`plugin-1 ${world.ring}`]);
  expect(await world.states()).toEqual([first, 'k2 staged']);
  expect(await world.says(plugin)).toMatchObject({ proven: expect.arrayContaining(['k2']), refused: [] });
  expect(await world.states()).toEqual([first?.replace('active', 'retiring'), 'k2 active']);
  expect(await world.told()).toEqual([`app-1 ${world.ring}`, `plugin-1 ${world.ring}`]);
});
