// Removing a Domain, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { problem } from '@plexsphere/wire';
import { DOMAIN, HOLDERS, Heart, OPERATOR, detailOf, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let one: Replica;
let other: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
});
afterEach(() => heart.stop());

const NOBODY_LEFT = `UPDATE ring.node SET state = 'removed', removed_at = now() WHERE scope = '${DOMAIN}'`;
const STAGED = `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, staged_at, rotate_by, verifies_until)
                VALUES ('${DOMAIN}', 'k2', 'Ed25519', 'p', 'staged', now(), now() + interval '7 d', now() + interval '8 d')`;
const LATER = `INSERT INTO ring.later_statement (scope, epoch, statement, shown_by) VALUES ('${DOMAIN}', 9, 's', 'signer-1')`;

const remove = ({ removeDomain } = one, requestId?: string, scope = DOMAIN) =>
  removeDomain.remove(scope, identity('domain.remove', requestId));
const plan = (role: 'viewer' | 'admin' = 'admin') => one.planRemoval.plan(DOMAIN, { role });
const rotate = () => one.openRotation.open({ scope: DOMAIN, newKeyId: 'k2', reason: null }, identity('signing.rotate'));
const create = () =>
  one.createRing.create(
    { scope: DOMAIN, keyId: 'again', refusal: { name: 'domainExists', field: 'id' } },
    identity('domain.create'),
  );
const destroyed = async () =>
  (
    await heart.owner.query('SELECT keys_destroyed_at IS NOT NULL AS done FROM ring.key_ring WHERE scope = $1', [
      DOMAIN,
    ])
  )[0].done as boolean;

it('is gone for every command, its keys are destroyed, every holder has dropped it, and the audit log tells it', async () => {
  await heart.owner.query(NOBODY_LEFT);
  const reply = await remove();
  expect(reply).toEqual({
    ...{ scope: DOMAIN, key_id: 'k1', epoch: 2, removed_at: expect.any(String) },
    ...{ lapsed: [], keys_destroyed: true },
  });
  expect(heart.signers.asked.at(-1)).toEqual({ verb: 'destroy-ring', body: { scope: DOMAIN } });
  expect(await heart.owner.query('SELECT holder FROM ring.lease WHERE epochs ? $1', [DOMAIN])).toEqual([]);
  expect(await heart.owner.query('SELECT state FROM ring.signing_key WHERE scope = $1', [DOMAIN])).toEqual([
    { state: 'retired' },
  ]);
  expect(
    await heart.owner.query(`SELECT actor, action, before, after FROM ring.audit WHERE scope = $1`, [DOMAIN]),
  ).toEqual([
    {
      ...{ actor: OPERATOR, action: 'domain.remove', before: { epoch: 1, key_id: 'k1' } },
      after: { epoch: 2, removed_at: reply.removed_at },
    },
  ]);
  await expect(rotate()).rejects.toMatchObject({ detail: 'signing: unknown scope' });
  await expect(remove()).rejects.toMatchObject({ detail: 'signing: unknown scope' });
  expect(await plan()).toMatchObject({ key_id: null, holders: [], blocked_by: ['signing: unknown scope'] });
});

it('keeps its name for ever: created again it is refused, and nothing is made for it', async () => {
  await heart.owner.query(NOBODY_LEFT);
  await remove();
  const before = await heart.rows();
  await expect(create()).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    detail: 'signing: scope removed',
    body: { field: 'id' },
  });
  expect(await heart.rows()).toEqual(before);
  expect(heart.signers.times('generate-key')).toBe(0);
});

it('is refused while it has Nodes, by name, and nothing has changed', async () => {
  const before = await heart.rows();
  await expect(remove()).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    detail: 'signing: domain in use',
    body: { field: 'id', nodes: ['node of k1'], more_nodes: false, keys: [] },
  });
  expect(await heart.rows()).toEqual(before);
});

it('names fifty Nodes of many, and says that there are others', async () => {
  for (let n = 0; n < 60; n++) await heart.addNode(DOMAIN, `edge-${n}`);
  const { nodes, more_nodes: areMore } = await plan();
  expect([nodes.length, areMore]).toEqual([50, true]);
});

it('is refused while a rotation is open', async () => {
  await heart.owner.query(NOBODY_LEFT);
  await rotate();
  await expect(remove()).rejects.toMatchObject({
    detail: 'signing: domain in use',
    body: { nodes: [], keys: [{ key_id: 'k1', state: 'retiring' }] },
  });
});

it.each([
  ['a key is staged', STAGED, 'signing: domain in use'],
  ['its epoch went back', LATER, 'signing: epoch went back'],
])('is refused while %s, and a plan says so', async (_, sql, detail) => {
  await heart.owner.query(NOBODY_LEFT);
  await heart.owner.query(sql);
  await expect(remove()).rejects.toMatchObject({ detail });
  expect((await plan()).blocked_by).toEqual([detail]);
});

it('a plan names who would have to drop it, and changes nothing', async () => {
  await heart.owner.query(NOBODY_LEFT);
  const before = await heart.rows();
  expect(await plan()).toEqual({
    ...{ scope: DOMAIN, key_id: 'k1', holders: HOLDERS, nodes: [], more_nodes: false, keys: [], blocked_by: [] },
  });
  expect((await plan('viewer')).blocked_by).toEqual(['signing: permission denied']);
  expect(await heart.rows()).toEqual(before);
});

it('copies of one request get one answer', async () => {
  await heart.owner.query(NOBODY_LEFT);
  const requestId = randomUUID();
  const [first, second] = await Promise.all([remove(one, requestId), remove(other, requestId)]);
  expect(second).toEqual(first);
  expect(await remove(one, requestId)).toEqual(first);
  expect(await heart.owner.query(`SELECT FROM ring.audit WHERE action = 'domain.remove'`)).toHaveLength(1);
});

it('of many that remove it, and rotate it, at once, exactly one wins', async () => {
  await heart.owner.query(NOBODY_LEFT);
  const ends = await Promise.allSettled([remove(), remove(other), rotate(), remove(), remove(other)]);
  const details = ends.map(detailOf);
  expect(details.filter((detail) => detail === 'done')).toHaveLength(1);
  const removed = await heart.owner.query('SELECT FROM ring.key_ring WHERE removed_at IS NOT NULL');
  const opened = await heart.owner.query('SELECT FROM ring.transition');
  expect(removed.length + opened.length).toBe(1);
});

it('what a replica that died left over, another finishes', async () => {
  await heart.owner.query(NOBODY_LEFT);
  const dying = await heart.replica({ dies: true });
  void remove(dying);
  await eventually(
    async () => (await heart.owner.query('SELECT FROM ring.key_ring WHERE removed_at IS NOT NULL')).length > 0,
  );
  expect(await destroyed()).toBe(false);
  await other.removedRings.finishAll();
  expect(await destroyed()).toBe(true);
  await other.removedRings.finishAll();
  expect(heart.signers.times('destroy-ring')).toBe(1);
});

it('without a signer it is removed all the same, says that the keys are there still, and they go later', async () => {
  await heart.owner.query(NOBODY_LEFT);
  heart.signers.areAway = true;
  expect(await remove()).toMatchObject({ keys_destroyed: false });
  heart.signers.areAway = false;
  await other.removedRings.finishAll();
  expect(await destroyed()).toBe(true);
});

it('keeps on with others where as many as fit a turn cannot be finished', async () => {
  await heart.owner.query(
    `INSERT INTO ring.key_ring (scope, epoch, trust_epoch, removed_at)
     SELECT 'domain:00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), 2, 1, now() FROM generate_series(1, 25) AS n`,
  );
  await heart.owner.query(NOBODY_LEFT);
  const dying = await heart.replica({ dies: true });
  void remove(dying);
  await eventually(
    async () =>
      (await heart.owner.query(`SELECT FROM ring.key_ring WHERE scope = '${DOMAIN}' AND removed_at IS NOT NULL`))
        .length > 0,
  );
  heart.signers.meanwhile = async (verb) => {
    const { body } = heart.signers.asked.at(-1) ?? {};
    if (verb === 'destroy-ring' && body?.['scope'] !== DOMAIN) throw problem('keyUnavailable');
  };
  for (let turn = 0; turn < 3 && !(await destroyed()); turn++) await other.removedRings.finishAll();
  expect(await destroyed()).toBe(true);
});
