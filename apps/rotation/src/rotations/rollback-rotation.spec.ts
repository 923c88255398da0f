// The way back, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { DOMAIN, HOLDERS, Heart, OPERATOR, detailOf, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let one: Replica;
let other: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
});
afterEach(async () => {
  await Promise.all([one, other].map(({ resume }) => resume.onModuleDestroy()));
  await heart.stop();
});

const rotate = (newKeyId = 'k2', scope: Scope = DOMAIN) =>
  one.openRotation.open({ scope, newKeyId, reason: null }, identity('signing.rotate'));
const close = ({ closeRotation } = one) =>
  closeRotation.close({ scope: DOMAIN, oldKeyId: 'k1', newKeyId: 'k2', force: true }, identity('signing.close'));
interface Asked {
  replica?: Replica;
  scope?: Scope;
  oldKeyId?: string;
  newKeyId?: string;
  requestId?: string;
}
const rollback = ({ replica = one, scope = DOMAIN, oldKeyId, newKeyId, requestId }: Asked = {}) =>
  replica.rollbackRotation.rollback(
    { scope, oldKeyId, newKeyId, reason: 'it misbehaves', statement: undefined },
    identity('signing.rollback', requestId),
  );

const keys = async (): Promise<string[]> => {
  const rows = await heart.owner.query<{ key_id: string; state: string; gone: boolean }[]>(
    'SELECT key_id, state, destroyed_at IS NOT NULL AS gone FROM ring.signing_key WHERE scope = $1 ORDER BY key_id',
    [DOMAIN],
  );
  return rows.map(({ key_id, state, gone }) => `${key_id} ${state}${gone ? ', destroyed' : ''}`);
};
const settleNow = () =>
  heart.owner.query(`UPDATE ring.signing_key SET verifies_until = clock_timestamp() WHERE state = 'retiring'`);

it('the old key signs again, and the new one verifies until all that it signed is stale', async () => {
  await rotate();
  const reply = await rollback();
  expect(reply).toMatchObject({
    ...{ old_key_id: 'k1', new_key_id: 'k2', active_key_id: 'k1', outcome: 'rolled_back', epoch: 3 },
    ...{ confirmed: HOLDERS, lapsed: [], unready: [], nodes: 1 },
  });
  const [, , statement] = await heart.statements();
  expect(statement).toMatchObject({
    ...{ type: 'rollback', old_key_id: 'k2', new_key_id: 'k1', authority_epoch: 1, closes_at: null },
    transition_expires: reply.settles_at,
  });
  // Staleness, relay lag and clock skew.
  expect(Date.parse(reply.settles_at) - Date.parse(statement?.opened_at ?? '')).toBe(300_000 + 300_000 + 30_000);
  expect(await keys()).toEqual(['k1 active', 'k2 retiring']);
  expect(await heart.owner.query('SELECT outcome, ended_epoch, ended_by FROM ring.transition')).toEqual([
    { outcome: 'rolled_back', ended_epoch: '3', ended_by: OPERATOR },
  ]);
  expect(heart.signers.times('destroy-key')).toBe(0);
  const audit = await heart.owner.query<{ action: string; detail: object }[]>(
    'SELECT action, detail FROM ring.audit ORDER BY id',
  );
  expect(audit.at(-1)).toMatchObject({ action: 'signing.rollback', detail: { reason: 'it misbehaves' } });
});

it('settles by itself, of any replicas once: the key is retired, told as a close is, and destroyed', async () => {
  await rotate();
  await rollback();
  for (const { resume } of [one, other]) resume.onApplicationBootstrap();
  await expect(rotate('k3')).rejects.toMatchObject({
    ...{ detail: 'signing: rollback settling', body: { key_id: 'k2', settles_at: expect.any(String) } },
  });
  expect(await keys()).toEqual(['k1 active', 'k2 retiring']);
  await settleNow();
  await eventually(async () => (await keys())[1] === 'k2 retired, destroyed', { timeoutMs: 60_000 });
  expect(await heart.owner.query(`SELECT epoch, trust_epoch FROM ring.key_ring WHERE scope = $1`, [DOMAIN])).toEqual([
    { epoch: '4', trust_epoch: '3' },
  ]);
  expect(
    await heart.owner.query(`SELECT change FROM ring.ring_change WHERE scope = $1 AND epoch = 4`, [DOMAIN]),
  ).toEqual([{ change: 'settle' }]);
  expect(await heart.owner.query(`SELECT event_type FROM outbox.event WHERE epoch = 4`)).toEqual([
    { event_type: 'chain' },
  ]);
  expect(await heart.owner.query(`SELECT actor FROM ring.audit WHERE action = 'signing.settle'`)).toEqual([
    { actor: 'rotation' },
  ]);
  expect(await heart.owner.query(`SELECT outcome FROM ring.transition`)).toEqual([{ outcome: 'rolled_back' }]);
  expect(await rotate('k3')).toMatchObject({ old_key_id: 'k1', epoch: 5 });
});

it('of the platform is vouched for by the key that goes', async () => {
  await rotate('p2', PLATFORM);
  expect(await rollback({ scope: PLATFORM })).toMatchObject({ active_key_id: 'p1', nodes: 1, domain_nodes: 1 });
  const statements = await heart.statements(PLATFORM);
  expect(statements.at(-1)).toMatchObject({ type: 'rollback', old_key_id: 'p2', authority_epoch: null });
  const change = 'SELECT by_superior FROM ring.ring_change WHERE scope = $1 AND epoch = 3';
  expect(await heart.owner.query(change, [PLATFORM])).toEqual([{ by_superior: false }]);
});

it('needs nothing of a new key that nobody can open', async () => {
  await rotate();
  heart.signers.statements.unloadable.add('k2');
  expect(await rollback()).toMatchObject({ active_key_id: 'k1', unready: [] });
});

it.each<[string, () => unknown, Asked, string]>([
  ['where nothing was rotated', () => undefined, {}, 'no open rotation'],
  ['of a rotation that was closed', () => rotate().then(() => close()), {}, 'no open rotation'],
  ['of one that was rolled back', () => rotate().then(() => rollback()), {}, 'no open rotation'],
  ['of another than the open one', () => rotate(), { newKeyId: 'k9' }, 'transition mismatch'],
  ['of a scope without a ring', () => undefined, { scope: 'domain:none' }, 'unknown scope'],
  [
    'that nobody could sign by',
    () => rotate().then(() => heart.signers.statements.unloadable.add('k1')),
    {},
    'key unavailable',
  ],
])('is refused %s, and nothing has changed', async (_, arrange, asked, detail) => {
  await arrange();
  const before = await heart.rows();
  await expect(rollback(asked)).rejects.toMatchObject({ detail: `signing: ${detail}` });
  expect(await heart.rows()).toEqual(before);
});

it('against a close at another replica: exactly one wins', async () => {
  await rotate();
  const ends = await Promise.allSettled([rollback({ replica: one }), close(other)]);
  expect(ends.map(detailOf).sort()).toEqual(['done', 'signing: no open rotation']);
  const [rolledBack] = ends.map(detailOf);
  expect(await heart.owner.query('SELECT outcome FROM ring.transition')).toEqual([
    { outcome: rolledBack === 'done' ? 'rolled_back' : 'closed' },
  ]);
});

it('of the same request at two replicas happens once, and both get its answer', async () => {
  await rotate();
  const requestId = randomUUID();
  const replies = await Promise.all([one, other].map((replica) => rollback({ replica, requestId })));
  expect(replies[1]).toEqual(replies[0]);
  expect(await heart.owner.query(`SELECT FROM ring.audit WHERE action = 'signing.rollback'`)).toHaveLength(1);
});

it('a replica that dies after its commit leaves the switch to others', async () => {
  await rotate();
  const dying = await heart.replica({ dies: true });
  void rollback({ replica: dying });
  const switched = () =>
    heart.owner.query<{ done: boolean }[]>(
      `SELECT switched_at IS NOT NULL AS done FROM ring.ring_change WHERE scope = $1 AND epoch = 3`,
      [DOMAIN],
    );
  await eventually(async () => (await switched())[0]?.done === false);
  other.resume.onApplicationBootstrap();
  await eventually(async () => (await switched())[0]?.done === true);
});
