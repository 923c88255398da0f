// The way out, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { DOMAIN, HOLDERS, Heart, detailOf, identity, type Replica } from '../../testing/heart';
import { forgetOldAnswers } from '../transactions/requests';

jest.setTimeout(120_000);

let heart: Heart;
let one: Replica;
let other: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
});
afterEach(() => heart.stop());

interface Asked {
  newKeyId?: string;
  discardStaged?: boolean;
  scope?: Scope;
  replica?: Replica;
}
const revoke = (keyId: string, { newKeyId, discardStaged = false, scope = DOMAIN, replica = one }: Asked = {}) =>
  replica.revokeKey.revoke(
    { scope, keyId, newKeyId, discardStaged, reason: 'stolen', statement: undefined },
    identity('signing.revoke'),
  );
const rotate = (newKeyId: string, { openRotation } = one) =>
  openRotation.open({ scope: DOMAIN, newKeyId, reason: null, force: true }, identity('signing.rotate'));
const stage = (newKeyId: string) =>
  one.stageKey.stage({ scope: DOMAIN, newKeyId, rotateWithinMs: 86_400_000, reason: null }, identity('signing.stage'));
const propagated = () =>
  heart.owner
    .query(`UPDATE ring.signing_key SET staged_at = staged_at - interval '16 min', published_at = published_at - interval '16 min'
      WHERE state = 'staged'`);

const keys = async (): Promise<string[]> => {
  const rows = await heart.owner.query<{ key_id: string; state: string; gone: boolean }[]>(
    `SELECT key_id, state, destroyed_at IS NOT NULL AS gone FROM ring.signing_key WHERE scope = $1
      ORDER BY created_at, key_id`,
    [DOMAIN],
  );
  return rows.map(({ key_id, state, gone }) => `${key_id} ${state}${gone ? ', destroyed' : ''}`);
};

it('of the active key makes a new one sign in the same commit, by the word of the platform', async () => {
  const reply = await revoke('k1', { newKeyId: 'k2' });
  expect(reply).toMatchObject({
    ...{ scope: DOMAIN, epoch: 2, revoked_key_id: 'k1', active_key_id: 'k2', replaced: true, gone: ['k1'] },
    ...{ ended_rotation: null, confirmed: HOLDERS, lapsed: [], unready: [], nodes: 1 },
  });
  expect(await keys()).toEqual(['k1 revoked, destroyed', 'k2 active']);
  const [first, second] = await heart.statements();
  expect(second).toMatchObject({
    ...{ type: 'revoke', old_key_id: 'k1', new_key_id: 'k2', authority_epoch: 1, previous: first?.hash },
    ...{ closes_at: null, transition_expires: null, next: expect.not.stringMatching(first?.next ?? '') },
  });
  // Whoever has stolen the key ahead as well has nothing that is trusted now.
  expect(second?.comesIn).not.toBe(first?.next);
  const audit = await heart.owner.query<object[]>('SELECT action, detail FROM ring.audit');
  expect(audit).toMatchObject([
    { action: 'signing.revoke', detail: { reason: 'stolen', revoked: 'k1', gone: ['k1'] } },
  ]);
});

it('draws a name by the date where nobody gives one', async () => {
  const { active_key_id: drawn } = await revoke('k1');
  expect(drawn).toMatch(/^[a-z0-9-]+-\d{4}-\d\d-\d\d$/);
  expect((await revoke(drawn)).active_key_id).toBe(`${drawn}-2`);
});

it('needs nothing of the revoked key, of which no lease is left', async () => {
  heart.signers.statements.unloadable.add('k1');
  await heart.owner.query(`UPDATE ring.lease SET epochs = epochs - $1`, [DOMAIN]);
  expect(await revoke('k1', { newKeyId: 'k2' })).toMatchObject({ active_key_id: 'k2', unready: [] });
});

it('of the active key takes the staged one in its place, once that is propagated; a suspect one goes, too', async () => {
  await stage('k2');
  await propagated();
  expect(await revoke('k1')).toMatchObject({ active_key_id: 'k2', gone: ['k1'], replaced: true });
  expect(await keys()).toEqual(['k1 revoked, destroyed', 'k2 active']);
  await stage('k3');
  await propagated();
  expect(await revoke('k2', { discardStaged: true, newKeyId: 'k4' })).toMatchObject({
    active_key_id: 'k4',
    gone: expect.arrayContaining(['k2', 'k3']),
  });
  expect(await keys()).toEqual([
    'k1 revoked, destroyed',
    'k2 revoked, destroyed',
    'k3 retired, destroyed',
    'k4 active',
  ]);
});

it.each([
  ['the retiring key', 'k1', ['k1 revoked, destroyed', 'k2 active'], 'k2'],
  [
    'the new key, and the old one goes with it',
    'k2',
    ['k1 retired, destroyed', 'k2 revoked, destroyed', 'k3 active'],
    'k3',
  ],
])('in an open rotation of %s ends it', async (_, keyId, left, active) => {
  await rotate('k2');
  expect(await revoke(keyId, { newKeyId: 'k3' })).toMatchObject({
    active_key_id: active,
    ended_rotation: { old_key_id: 'k1', new_key_id: 'k2', outcome: 'revoked' },
  });
  expect(await keys()).toEqual(left);
  expect(await heart.owner.query('SELECT outcome, ended_epoch FROM ring.transition')).toEqual([
    { outcome: 'revoked', ended_epoch: '3' },
  ]);
  // Nothing settles, nothing is open: the next rotation may begin.
  expect(await rotate('k9')).toMatchObject({ old_key_id: active });
});

it('of a staged key leaves the active one alone', async () => {
  await stage('k2');
  expect(await revoke('k2')).toMatchObject({ active_key_id: 'k1', replaced: false, gone: ['k2'] });
  expect(await keys()).toEqual(['k1 active', 'k2 revoked, destroyed']);
});

it('of a key that settles after a rollback ends the settling', async () => {
  await rotate('k2');
  const rollback = { scope: DOMAIN, oldKeyId: undefined, newKeyId: undefined, reason: null, statement: undefined };
  await one.rollbackRotation.rollback(rollback, identity('signing.rollback'));
  expect(await revoke('k2')).toMatchObject({ active_key_id: 'k1', ended_rotation: null });
  expect(await rotate('k3')).toMatchObject({ old_key_id: 'k1' });
});

it.each<[string, () => unknown, () => Promise<unknown>, string]>([
  ['a key that never was', () => undefined, () => revoke('k9'), 'unknown key'],
  [
    'a key that is revoked, of which no answer is kept any more',
    async () => {
      await revoke('k1', { newKeyId: 'k2' });
      await heart.owner.query(`UPDATE ring.request SET answered_at = answered_at - interval '1 day 1 min'`);
      await forgetOldAnswers(heart.owner.manager);
    },
    () => revoke('k1'),
    'key revoked',
  ],
  [
    'a key that left with a revoked one',
    async () => {
      await rotate('k2');
      await revoke('k1');
      await rotate('k3');
      await revoke('k3', { newKeyId: 'k4' });
    },
    () => revoke('k2'),
    'key retired',
  ],
  ['a replacement of a taken name', () => undefined, () => revoke('k1', { newKeyId: 'k1' }), 'key id in use'],
  [
    'a key of the platform without the recovery key',
    () => undefined,
    () => revoke('p1', { scope: PLATFORM }),
    'recovery key needed',
  ],
  ['while no signer is there', () => (heart.signers.areAway = true), () => revoke('k1'), 'no signer available'],
])('is refused: %s, and nothing has changed', async (_, arrange, ask, detail) => {
  await arrange();
  const before = await heart.rows();
  await expect(ask()).rejects.toMatchObject({ detail: `signing: ${detail}` });
  expect(await heart.rows()).toEqual(before);
});

it('against a rotate at another replica: both are one after the other, and no revoked key is left to sign', async () => {
  const ends = await Promise.allSettled([revoke('k1', { newKeyId: 'k2' }), rotate('k3', other)]);
  const [revoked, rotated] = ends.map(detailOf);
  expect(revoked).toBe('done');
  const left = await keys();
  expect(left[0]).toBe('k1 revoked, destroyed');
  expect(left.filter((key) => key.endsWith('active'))).toHaveLength(1);
  // Before it, its transition is ended by the revoke; after it, it is of the replacement.
  expect(['done', 'signing: key id in use']).toContain(rotated);
});

it('again of a revoked key gets the same answer, at any replica and whatever came after, and changes nothing', async () => {
  const reply = await revoke('k1', { newKeyId: 'k2' });
  await rotate('k3');
  const before = { ...(await heart.rows()), 'ring.request': expect.anything() };
  const again = identity('signing.revoke');
  const asked = { scope: DOMAIN, keyId: 'k1', newKeyId: 'k9', discardStaged: false, reason: 'x', statement: undefined };
  expect(await other.revokeKey.revoke(asked, again)).toEqual(reply);
  expect(await one.revokeKey.revoke(asked, again)).toEqual(reply);
  expect(await heart.rows()).toEqual(before);
});

it('again of a revoked key is never answered by what somebody else asked under its request id once that was forgotten', async () => {
  await revoke('k1', { newKeyId: 'k2' });
  const [[revoked]] = await heart.owner.query<[{ request_id: string }[], number]>(
    `DELETE FROM ring.request WHERE command = 'signing.revoke' RETURNING request_id`,
  );
  // As the audit log shows it to whoever may see the scope.
  const theirs = { ...identity('signing.rotate', revoked?.request_id), actor: 'somebody else' };
  await one.openRotation.open({ scope: DOMAIN, newKeyId: 'k3', reason: null, force: false }, theirs);
  const [again] = await Promise.allSettled([revoke('k1')]);
  expect(detailOf(again)).toBe('signing: key revoked');
});

it('again of a revoked key returns no sooner than nobody signs by it any more', async () => {
  const dying = await heart.replica({ dies: true });
  void revoke('k1', { newKeyId: 'k2', replica: dying }).catch(() => undefined);
  const switched = async (): Promise<boolean | undefined> => {
    const [change] = await heart.owner.query<{ is: boolean }[]>(
      `SELECT switched_at IS NOT NULL AS is FROM ring.ring_change WHERE scope = $1 AND epoch = 2`,
      [DOMAIN],
    );
    return change?.is;
  };
  await eventually(async () => (await switched()) === false);
  expect(await revoke('k1')).toMatchObject({ active_key_id: 'k2', confirmed: HOLDERS });
  expect(await switched()).toBe(true);
  expect(await keys()).toEqual(['k1 revoked, destroyed', 'k2 active']);
});

it('of two revokes of one key at once one is done, and answers both', async () => {
  const [first, second] = await Promise.all([
    revoke('k1', { newKeyId: 'k2' }),
    revoke('k1', { newKeyId: 'k3', replica: other }),
  ]);
  expect(first).toEqual(second);
  expect(await keys()).toEqual(['k1 revoked, destroyed', `${first.active_key_id} active`]);
});
