// A channel's life, on a real PostgreSQL under rotation's own role; signers and members are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { ChannelWorld, type PlayedMember } from '../../testing/channel-world';
import { HOLDERS, Heart, identity, type Replica } from '../../testing/heart';
import { proofOf } from '../../testing/played-secrets';

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

const active = async (): Promise<string> =>
  (await world.stored()).keys.find(({ state }) => state === 'active')?.keyId ?? '';

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

describe('a rotation that is staged', () => {
  test('is open, refuses another, and waits for those it names: nobody is forced', async () => {
    const { app } = await world.withTwo();
    await world.add({ side: 'plugin', name: 'plugin-2' });
    await world.rotate('k2');
    await expect(world.rotate('k3')).rejects.toMatchObject({ detail: 'signing: rotation in progress' });
    await expect(
      world.rotate(
        'k3',
        replica,
        world.scopes.find((scope) => scope !== world.ring),
      ),
    ).resolves.toMatchObject({
      phase: 'staged',
      waiting_for: ['app-1'],
    });
    const forced = replica.openRotation.open(
      { scope: world.ring, newKeyId: 'k3', reason: null, force: true },
      identity('signing.rotate'),
    );
    await expect(forced).rejects.toMatchObject({ body: { field: 'force' } });
    await expect(world.close(await active(), { force: true })).rejects.toMatchObject({
      detail: 'signing: not active yet',
      body: { waiting_for: ['plugin-1', 'plugin-2'] },
    });
    // Whoever signs proves what it likes: it is not waited for.
    await world.says(app);
    expect(await world.states()).toContain('k2 staged');
  });

  test.each([
    ['nobody at either side', []],
    ['nobody who signs', [{ side: 'plugin', name: 'p' }]],
    ['nobody who verifies', [{ side: 'app', name: 'a' }]],
  ])('is none where there is %s', async (_, members) => {
    await world.create();
    for (const member of members) await world.add(member);
    await expect(world.rotate()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', detail: 'signing: no members' });
  });

  test('waits for one that joins meanwhile, and not for one that is removed', async () => {
    const { plugin } = await world.withTwo();
    await world.rotate('k2');
    const late = await world.add({ side: 'plugin', name: 'plugin-2' });
    await world.says(plugin);
    expect(await world.states()).toContain('k2 staged');
    const removed = await replica.removeMember.remove(
      { slug: 'pay', name: 'plugin-2' },
      identity('channel.remove-member'),
    );
    expect(removed).toMatchObject({ node_id: late.node_id, side: 'plugin', pushed: true });
    expect(removed.known.find(({ scope }) => scope === world.ring)?.key_ids).toEqual(expect.arrayContaining(['k2']));
    await replica.rotator.turn();
    await replica.rotator.atRest();
    expect(await world.states()).toContain('k2 active');
    await expect(world.says(late)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      detail: 'signing: not a member',
    });
  });

  test('waits for a sink until whoever reads what it wrote has had the time to', async () => {
    await world.withTwo();
    const sink = await world.add({ side: 'plugin', name: 'sink', sink: true });
    await world.rotate('k2');
    await world.says(world.member('plugin-1'));
    await heart.turnClock(10 * 60_000);
    expect(await world.shownRing()).toMatchObject({ waiting_for: ['sink'], signs_from: null, overdue: false });
    await world.says(sink);
    expect(await world.states()).toContain('k2 staged');
    // Longer than it should wait for a proof, which there is; what is left is time.
    await heart.turnClock(20 * 60_000);
    const { signs_from: from, opened_at: opened, ...shown } = await world.shownRing();
    expect(shown).toMatchObject({ waiting_for: ['sink'], overdue: false });
    expect(Date.parse(from!) - Date.parse(opened!)).toBeGreaterThanOrEqual(25 * 60_000);
    await heart.turnClock(26 * 60_000);
    await replica.rotator.turn();
    await replica.rotator.atRest();
    expect(await world.states()).toContain('k2 active');
  });

  test('a proof that a report does not name any more is none any more', async () => {
    const { plugin } = await world.withTwo();
    await world.add({ side: 'plugin', name: 'plugin-2' });
    await world.rotate('k2');
    await world.says(plugin);
    const [old] = (await world.holds(plugin)).keys;
    expect(await world.says(plugin, { keys: [old!] })).toMatchObject({ proven: [old!.key_id] });
    await world.says(world.member('plugin-2'));
    expect(await world.states()).toContain('k2 staged');
    await world.says(plugin);
    expect(await world.states()).toContain('k2 active');
  });

  test('is rolled back at once: nothing was signed by its key', async () => {
    const { plugin } = await world.withTwo();
    const [first] = await world.states();
    await world.rotate('k2');
    await world.told();
    expect(await world.rollback()).toMatchObject({ outcome: 'rolled_back', waiting_for: [], nodes: 2 });
    expect(await world.states()).toEqual([first, 'k2 retired']);
    expect(await world.told()).toEqual([`app-1 ${world.ring}`, `plugin-1 ${world.ring}`]);
    expect(
      await world.says(plugin, {
        keys: [{ key_id: 'k2', proof: proofOf({ scope: world.ring, keyId: 'k2', epoch: 4, nodeId: plugin.node_id }) }],
      }),
    ).toMatchObject({
      proven: [],
      refused: [{ key_id: 'k2', detail: 'signing: unknown key' }],
    });
  });
});

describe('a rotation that is active', () => {
  let app: PlayedMember;
  let plugin: PlayedMember;
  let first: string;
  beforeEach(async () => {
    ({ app, plugin } = await world.withTwo());
    first = await active();
    await world.rotate('k2');
    await world.says(plugin);
    await world.told();
  });

  test('counts its window from then on, and closes when everybody has gone over', async () => {
    const { transition } = await world.stored();
    expect(transition!.closesAt.getTime() - transition!.activatedAt!.getTime()).toBe(3_600_000);
    await expect(world.close(first)).rejects.toMatchObject({
      detail: 'signing: nodes lagging',
      body: { lagging: ['app-1'] },
    });
    await world.says(app);
    await expect(world.close(first)).rejects.toMatchObject({ detail: 'signing: old key in use' });
    await heart.turnClock(6 * 60_000);
    await expect(world.close(first)).rejects.toMatchObject({
      detail: 'signing: nodes lagging',
      body: { lagging: ['plugin-1'] },
    });
    await world.says(plugin);
    expect(await world.close(first)).toMatchObject({ old_key_id: first, new_key_id: 'k2', lagging: [] });
    expect(await world.states()).toEqual([`${first} retired`, 'k2 active']);
    expect(await world.told()).toEqual([`app-1 ${world.ring}`, `plugin-1 ${world.ring}`]);
    await expect(world.rollback()).rejects.toMatchObject({ detail: 'signing: rotation closed' });
  });

  test('is not closed while somebody verifies by the old key alone: who, and when', async () => {
    await world.says(app);
    await heart.turnClock(6 * 60_000);
    const at = new Date().toISOString();
    await world.says(plugin, { alone: [{ key_id: first, at }] });
    await expect(world.close(first)).rejects.toMatchObject({
      detail: 'signing: old key in use',
      body: { node_id: plugin.node_id, name: 'plugin-1', at },
    });
    await world.says(plugin);
    await expect(world.close(first)).rejects.toMatchObject({ detail: 'signing: old key in use' });
    expect(await world.close(first, { force: true })).toMatchObject({ old_key_id: first });
    expect(
      await heart.owner.query(`SELECT detail ->> 'forced' AS forced FROM ring.audit WHERE action = 'signing.close'`),
    ).toEqual([{ forced: 'true' }]);
  });

  test('is closed at the end of its window whoever lags', async () => {
    await heart.turnClock(3_601_000);
    expect(await world.close(first)).toMatchObject({ early_by_seconds: 0, lagging: ['app-1'] });
  });

  test('is rolled back: the new key verifies until all who sign have gone back, and settles then', async () => {
    await world.says(app);
    const rolled = await world.rollback();
    expect(rolled).toMatchObject({ active_key_id: first, waiting_for: ['app-1'] });
    expect(await world.states()).toEqual([`${first} active`, 'k2 retiring']);
    await expect(world.rotate('k3')).rejects.toMatchObject({ detail: 'signing: rollback settling' });
    await settle();
    expect(await world.states()).toContain('k2 retiring');
    await world.says(app);
    await settle();
    expect(await world.states()).toContain('k2 retiring');
    await heart.turnClock(6 * 60_000);
    await settle();
    expect(await world.states()).toEqual([`${first} active`, 'k2 retired']);
    await expect(world.rotate('k3')).resolves.toMatchObject({ phase: 'staged' });
  });

  test('is rolled back for good at the end of its window, though a sender is gone', async () => {
    await world.rollback();
    await heart.turnClock(2 * 3_600_000);
    await settle();
    expect(await world.states()).toContain('k2 retired');
  });

  test('ends by a revoke, whose replacement signs at once', async () => {
    const revoking = {
      scope: world.ring,
      keyId: 'k2',
      newKeyId: 'k3',
      discardStaged: false,
      reason: 'leaked',
      statement: undefined,
    };
    const revoked = await replica.revokeKey.revoke(revoking, identity('signing.revoke'));
    expect(revoked).toMatchObject({
      active_key_id: 'k3',
      gone: ['k2'],
      nodes: 2,
      ended_rotation: { outcome: 'revoked' },
    });
    expect(await world.states()).toEqual([`${first} retiring`, 'k2 revoked', 'k3 active']);
    expect(await world.told()).toEqual([`app-1 ${world.ring}`, `plugin-1 ${world.ring}`]);
  });

  const settle = async () => {
    replica.settling.settleDue();
    await replica.settling.atRest();
  };
});
