// What operators ask of channels, and what of other kinds a channel refuses, on a real PostgreSQL.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { MOST_MEMBERS, makeSealingPair } from '@plexsphere/wire';
import { ChannelWorld } from '../../testing/channel-world';
import { CONFIG, Heart, OPERATOR, identity, type Replica } from '../../testing/heart';
import type { Asked } from '../operators/operator.guard';
import { ChangeDecisions } from '../rings/change-decisions';
import { ChangePlans } from '../rings/change-plans';
import { requireAccepted } from '../rotation-config';
import { RotationController } from '../rotations/rotation.controller';
import { StatusController } from '../status/status.controller';
import { findValidOperator } from '../tokens/find-token';
import { ChannelController } from './channel.controller';

jest.setTimeout(120_000);

let heart: Heart;
let replica: Replica;
let world: ChannelWorld;
let channels: ChannelController;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replica = await heart.replica();
  world = new ChannelWorld(heart, replica);
  const { createChannel, addMember, removeMember, rotator } = replica;
  const decisions = new ChangeDecisions(CONFIG);
  channels = new ChannelController(
    heart.asRotation,
    createChannel,
    addMember,
    removeMember,
    rotator,
    decisions,
    CONFIG,
  );
});
afterEach(() => heart.stop());

const asked = (scopes: string[] | null = null): Asked =>
  ({
    operator: { id: OPERATOR, role: 'admin', scopes },
    get identity() {
      return identity('channel.create');
    },
    visibleScopes: (scope?: string) => (scope === undefined ? scopes : [scope]),
  }) as unknown as Asked;

const member = (over: object = {}) => ({
  ...{ slug: 'pay', side: 'app', name: 'app-9', bus_public_key: `U${randomUUID()}` },
  ...{ sealing_public_key: makeSealingPair().publicKey, ...over },
});

test.each([['one side twice', { slug: 'pay', sides: ['app', 'app'] }, 'sides']])(
  'a channel is not made of %s',
  async (_, request, field) => {
    await expect(channels.create(request, asked())).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      body: { field },
    });
  },
);

describe('a member', () => {
  beforeEach(() => world.withTwo());

  test.each<[string, object, object]>([
    ['of a channel that is none', { slug: 'mail' }, { code: 'NOT_FOUND', body: { field: 'slug' } }],
    [
      'of a third side',
      { side: 'third' },
      { code: 'INVALID_ARGUMENT', body: { field: 'side', sides: ['app', 'plugin'] } },
    ],
    ['of a name that is there', { name: 'app-1' }, { detail: 'signing: node exists', body: { field: 'name' } }],
    ['on the bus and over HTTP', { bearer_hash: 'a'.repeat(64) }, { body: { field: 'bearer_hash' } }],
  ])('%s is refused, and nothing of it is kept', async (_, over, refusal) => {
    const before = await heart.rows();
    await expect(channels.add(member(over), asked())).rejects.toMatchObject(refusal);
    expect(await heart.rows()).toEqual(before);
  });

  test('is sealed to a key of its own: another has it, or ever had it, and so with what it is let in by', async () => {
    const { sealingKey: sealing_public_key } = world.member('plugin-1');
    const taken = { detail: 'signing: node exists', body: { field: 'sealing_public_key' } };
    await expect(channels.add(member({ sealing_public_key }), asked())).rejects.toMatchObject(taken);
    await channels.remove({ slug: 'pay', name: 'plugin-1' }, asked());
    await expect(channels.add(member({ sealing_public_key }), asked())).rejects.toMatchObject(taken);
    const bearer = { bus_public_key: undefined, bearer_hash: 'a'.repeat(64) };
    await channels.add(member(bearer), asked());
    await expect(channels.add(member({ ...bearer, name: 'app-10' }), asked())).rejects.toMatchObject({
      body: { field: 'bearer_hash' },
    });
  });

  test('is one too many where a channel has as many as one may, of both sides; and comes in once another has gone', async () => {
    await heart.owner.query(
      `WITH made AS (
         INSERT INTO ring.node (id, scope, name, bus_public_key)
         SELECT gen_random_uuid(), 'platform', 'more-' || n, 'U' || n FROM generate_series(3, $1::int) AS n RETURNING id
       ),
       streams AS (
         INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch, settled_platform_epoch)
         SELECT id, 'platform', 1, 1, 1, 1 FROM made
       )
       INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink) SELECT id, 'pay', 'app', id, false FROM made`,
      [MOST_MEMBERS],
    );
    const before = await heart.rows();
    await expect(channels.add(member({ side: 'plugin' }), asked())).rejects.toMatchObject({
      ...{ code: 'RESOURCE_EXHAUSTED', detail: 'signing: too many members', body: { field: 'slug', most: 128 } },
    });
    expect(await heart.rows()).toEqual(before);
    await new ChannelWorld(heart, replica, 'mail').withTwo('mail-');
    await channels.remove({ slug: 'pay', name: 'more-3' }, asked());
    await expect(channels.add(member({ side: 'plugin' }), asked())).resolves.toMatchObject({ side: 'plugin' });
  });
});

test('a list has the channels that are theirs, with who is at each side and where each ring is', async () => {
  await world.withTwo();
  await new ChannelWorld(heart, replica, 'mail').create();
  await world.rotate('k2');
  const { channels: all } = await channels.list({}, asked());
  expect(all.map(({ slug, members }) => ({ slug, members }))).toEqual([
    { slug: 'mail', members: [0, 0] },
    { slug: 'pay', members: [1, 1] },
  ]);
  expect(all[1]?.rings).toEqual(
    world.scopes.map((scope) => ({
      ...{ scope, active_key_id: expect.any(String), epoch: expect.any(Number) },
      phase: scope === world.ring ? 'staged' : null,
    })),
  );
  expect((await channels.list({}, asked(['channel:mail']))).channels.map(({ slug }) => slug)).toEqual(['mail']);
  expect((await channels.list({}, asked([world.ring]))).channels).toEqual([]);
});

test('status, history and plans say whom it waits for, and whether it takes too long', async () => {
  const { plugin } = await world.withTwo();
  const status = async () => {
    const controller = new StatusController(heart.asRotation, CONFIG);
    const { scopes } = await controller.status({ scope: world.ring }, asked());
    return scopes[0]!;
  };
  expect((await status()).channel).toMatchObject({ phase: null, senders: 1, receivers: 1, waiting_for: [] });
  const planned = await replica.rotationPlans.ofRotation(
    { scope: world.ring, newKeyId: undefined },
    { role: 'operator' },
  );
  expect(planned).toMatchObject({
    ...{ new_key_id: expect.stringMatching(/^key-\d{8}-2$/), waiting_for: ['plugin-1'], blocked_by: [], nodes: 1 },
  });
  await world.rotate('k2');
  expect((await status()).channel).toMatchObject({ phase: 'staged', waiting_for: ['plugin-1'], overdue: false });
  await heart.turnClock(16 * 60_000);
  expect((await status()).channel).toMatchObject({ phase: 'staged', overdue: true, activated_at: null });
  expect((await status()).transition).toMatchObject({ safe_close_at: null, closes_itself_at: null });
  expect((await status()).keys.find(({ state }) => state === 'staged')).not.toHaveProperty('propagated_at');
  const closing = () => replica.rotationPlans.ofClosing(world.ring, {}, { role: 'operator', scopes: null });
  expect(await closing()).toMatchObject({
    ...{ blocked_by: ['signing: not active yet'], waiting_for: ['plugin-1'], earliest_close_at: null },
    channel: { phase: 'staged', senders: 1, receivers: 1 },
  });
  await world.says(plugin);
  const active = await status();
  expect(active.channel).toMatchObject({ phase: 'active', waiting_for: ['app-1'], overdue: false });
  expect(await closing()).toMatchObject({
    ...{
      blocked_by: ['signing: nodes lagging'],
      waiting_for: ['app-1'],
      earliest_close_at: active.transition?.closes_at,
    },
  });
  const shown = async () => (await world.show()).rings.find(({ scope }) => scope === world.ring);
  expect(await shown()).toMatchObject({ waiting_for: ['app-1'], safe_close_at: null });
  await world.says(world.member('app-1'));
  const safeAt = (await status()).transition?.safe_close_at;
  expect(safeAt).toEqual(expect.any(String));
  expect(await shown()).toMatchObject({ waiting_for: [], safe_close_at: safeAt });
  const { openRotation, closeRotation, rollbackRotation, rotationPlans, rotator } = replica;
  const database = heart.asRotation;
  const rotations = new RotationController(
    openRotation,
    closeRotation,
    rollbackRotation,
    rotationPlans,
    rotator,
    database,
  );
  const { transitions } = await rotations.history({ scope: world.ring });
  expect(transitions).toMatchObject([{ new_key_id: 'k2', activated_at: active.channel?.activated_at }]);
});

test('the plan of a revoke names who has not proven the key that would sign', async () => {
  await world.withTwo();
  const plans = new ChangePlans(heart.asRotation, new ChangeDecisions(CONFIG), CONFIG);
  const { ring } = await world.stored();
  const keyId = ring.keys[0]?.keyId ?? '';
  const plan = (over: object) =>
    plans.plan({ scope: world.ring, change: 'revoke', key_id: keyId, ...over }, { role: 'admin' });
  expect(await plan({ new_key_id: 'k9' })).toMatchObject({
    ...{ signs_afterwards: 'k9', without_proof: ['plugin-1'], nodes: 2, blocked_by: [] },
  });
  await world.rotate('k2');
  expect(await plan({})).toMatchObject({ signs_afterwards: 'k2', without_proof: ['plugin-1'] });
});

test('a token for a channel is one for both of its rings, and for no other', async () => {
  await world.create();
  await new ChannelWorld(heart, replica, 'mail').create();
  await heart.owner.query(
    `INSERT INTO ring.operator (id, name, role, scopes, bus_public_key, bearer_hash)
     VALUES ($1, 'pat', 'operator', ARRAY['channel:pay', 'platform'], 'UP', 'h')`,
    [OPERATOR],
  );
  const operator = await findValidOperator(heart.asRotation.manager, OPERATOR);
  expect(operator?.scopes).toEqual(['channel:pay', 'platform', ...world.scopes]);
});

test('a channel is of a kind that an installation accepts, or not, as its rings are', () => {
  for (const scope of ['channel:pay', world.ring]) {
    expect(() => requireAccepted(scope, CONFIG)).not.toThrow();
    expect(() => requireAccepted(scope, { ...CONFIG, scopeKinds: ['platform'] })).toThrow(
      'signing: invariant violation',
    );
  }
});
