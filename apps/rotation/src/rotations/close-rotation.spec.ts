// Closing a rotation, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { DOMAIN, HOLDERS, Heart, OPERATOR, detailOf, identity, type Replica } from '../../testing/heart';
import type { Closing } from './close-rotation';

jest.setTimeout(120_000);

const APPLIED = `UPDATE outbox.node_stream SET told_epoch = 2, settled_epoch = 2, told_platform_epoch = 2, settled_platform_epoch = 2`;
const OVERDUE = `UPDATE ring.transition SET opened_at = opened_at - interval '2 h',
                 activated_at = activated_at - interval '2 h', closes_at = closes_at - interval '2 h'`;
const LATER = `INSERT INTO ring.later_statement (scope, epoch, statement, shown_by) VALUES ('${DOMAIN}', 9, 's', 'signer-1')`;

let heart: Heart;
let one: Replica;
let other: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
  await open(DOMAIN, 'k2');
});
afterEach(() => heart.stop());

const open = (scope: string, newKeyId: string) =>
  one.openRotation.open({ scope, newKeyId, reason: null }, identity('signing.rotate'));
const close = (change: Partial<Closing> = {}, { closeRotation } = one, requestId?: string) =>
  closeRotation.close(
    { scope: DOMAIN, oldKeyId: 'k1', newKeyId: 'k2', force: false, ...change },
    identity('signing.close', requestId),
  );

it('retires the old key, tells the Nodes by a chain, switches, and has the old key destroyed', async () => {
  await heart.owner.query(APPLIED);
  const reply = await close();
  expect(reply).toMatchObject({
    scope: DOMAIN,
    old_key_id: 'k1',
    new_key_id: 'k2',
    epoch: 3,
    lagging: [],
    pending: [],
  });
  expect(reply).toMatchObject({ confirmed: HOLDERS, lapsed: [] });
  expect(reply.early_by_seconds).toBeGreaterThan(3_000);
  expect(
    await heart.owner.query('SELECT key_id, state, verifies_until FROM ring.signing_key WHERE scope = $1 ORDER BY 1', [
      DOMAIN,
    ]),
  ).toEqual([
    { key_id: 'k1', state: 'retired', verifies_until: null },
    { key_id: 'k2', state: 'active', verifies_until: null },
  ]);
  expect(await heart.owner.query('SELECT epoch, trust_epoch FROM ring.key_ring WHERE scope = $1', [DOMAIN])).toEqual([
    { epoch: '3', trust_epoch: '2' },
  ]);
  expect(
    await heart.owner.query(
      `SELECT outcome, ended_epoch, ended_by, switched_at IS NOT NULL AS switched,
              destroyed_at IS NOT NULL AS destroyed
         FROM ring.transition AS t JOIN ring.ring_change AS c ON c.scope = t.scope AND c.epoch = t.ended_epoch
         JOIN ring.signing_key AS k ON k.scope = t.scope AND k.key_id = t.old_key_id`,
    ),
  ).toEqual([{ outcome: 'closed', ended_epoch: '3', ended_by: OPERATOR, switched: true, destroyed: true }]);
  expect(await heart.owner.query(`SELECT event_type FROM outbox.event WHERE epoch = 3`)).toEqual([
    { event_type: 'chain' },
  ]);
  expect(heart.signers.asked.at(-1)).toMatchObject({ verb: 'destroy-key', body: { scope: DOMAIN, key_id: 'k1' } });
});

it('waits for Nodes that lag: refused with the numbers, and nothing has changed', async () => {
  const before = await heart.rows();
  await expect(close()).rejects.toMatchObject({
    detail: 'signing: nodes lagging',
    body: { enrolled: 1, sent: 0, applied: 0, lagging_count: 1, lagging: ['node of k1'], pending_count: 0 },
  });
  expect(await heart.rows()).toEqual(before);
});

it.each<[string, string | undefined, boolean]>([
  ['by force', undefined, true],
  ['after closes_at', OVERDUE, false],
])('leaves them behind %s, and names them', async (_, arrange, force) => {
  if (arrange !== undefined) await heart.owner.query(arrange);
  expect(await close({ force })).toMatchObject({ epoch: 3, lagging: ['node of k1'] });
  expect(
    await heart.owner.query(`SELECT detail -> 'forced' AS forced FROM ring.audit WHERE action = 'signing.close'`),
  ).toEqual([{ forced: force }]);
});

it('of the platform counts the Nodes of Domains apart, and waits for none of them', async () => {
  await open(PLATFORM, 'p2');
  await heart.owner.query(`UPDATE outbox.node_stream SET told_epoch = 2, settled_epoch = 2 WHERE scope = 'platform'`);
  const reply = await close({ scope: PLATFORM, oldKeyId: 'p1', newKeyId: 'p2' });
  expect(reply).toMatchObject({ lagging: [], domain_nodes: { enrolled: 1, lagging_count: 1, lagging: [] } });
});

it.each<[string, Partial<Closing>, string, string | undefined]>([
  ['of a scope without a ring', { scope: 'domain:none' }, 'signing: unknown scope', undefined],
  ['where none is open', { scope: PLATFORM }, 'signing: no open rotation', undefined],
  ['of another old key', { oldKeyId: 'k0' }, 'signing: transition mismatch', undefined],
  ['of another new key', { newKeyId: 'k3' }, 'signing: transition mismatch', undefined],
  ['of a ring of which a later epoch was proved', {}, 'signing: epoch went back', LATER],
])('refuses one %s, and nothing has changed', async (_, change, detail, arrange) => {
  if (arrange !== undefined) await heart.owner.query(arrange);
  const before = await heart.rows();
  await expect(close({ force: true, ...change })).rejects.toMatchObject({ detail });
  expect(await heart.rows()).toEqual(before);
});

it('of two at two replicas closes for one, and tells the other that none is open', async () => {
  const ends = await Promise.allSettled([close({ force: true }, one), close({ force: true }, other)]);
  expect(ends.map(detailOf).sort()).toEqual(['done', 'signing: no open rotation']);
  expect(await heart.owner.query('SELECT FROM ring.ring_change WHERE scope = $1', [DOMAIN])).toHaveLength(3);
});

it('answers a copy of the request alike, at the same time and later', async () => {
  const requestId = randomUUID();
  const force = { force: true };
  const [first, copy] = await Promise.all([close(force, one, requestId), close(force, other, requestId)]);
  expect(copy).toEqual(first);
  expect(await close(force, other, requestId)).toEqual(first);
  expect(await heart.owner.query(`SELECT FROM ring.audit WHERE action = 'signing.close'`)).toHaveLength(1);
});

it('answers though no signer destroys the old key, and resuming has it destroyed', async () => {
  let isAway = true;
  heart.signers.meanwhile = async (verb) => {
    if (verb === 'destroy-key' && isAway) throw new Error('away');
  };
  expect(await close({ force: true })).toMatchObject({ epoch: 3 });
  const destroyed = () => heart.owner.query('SELECT FROM ring.signing_key WHERE destroyed_at IS NOT NULL');
  expect(await destroyed()).toEqual([]);
  isAway = false;
  other.resume.onApplicationBootstrap();
  await eventually(async () => (await destroyed()).length === 1);
  await other.resume.onModuleDestroy();
});
