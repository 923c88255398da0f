// What a change would do, on a real PostgreSQL; the signers are played, and none of them is asked.
import 'reflect-metadata';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import type { PlanChange } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { CONFIG, DOMAIN, Heart, identity, type Replica } from '../../testing/heart';
import { forgetOldAnswers } from '../transactions/requests';
import { ChangeDecisions } from './change-decisions';
import { ChangePlans } from './change-plans';

jest.setTimeout(120_000);

let heart: Heart;
let replica: Replica;
let database: DataSource;
let plans: ChangePlans;

beforeEach(async () => {
  const test = await testDatabase({ name: 'store', prepare: migrateStore });
  heart = await Heart.start(test);
  replica = await heart.replica();
  database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'plans')).initialize();
  plans = new ChangePlans(database, new ChangeDecisions(CONFIG), CONFIG);
});
afterEach(async () => {
  await database.destroy();
  await heart.stop();
});

const plan = (asked: Partial<PlanChange> & Pick<PlanChange, 'change'>) =>
  plans.plan({ scope: DOMAIN, ...asked }, { role: 'admin' });
const rotate = (newKeyId: string) =>
  replica.openRotation.open({ scope: DOMAIN, newKeyId, reason: null, force: true }, identity('signing.rotate'));
const stage = (newKeyId: string) =>
  replica.stageKey.stage(
    { scope: DOMAIN, newKeyId, rotateWithinMs: 86_400_000, reason: null },
    identity('signing.stage'),
  );
const revoke = (keyId: string, newKeyId: string) =>
  replica.revokeKey.revoke(
    { scope: DOMAIN, keyId, newKeyId, discardStaged: false, reason: 'stolen', statement: undefined },
    identity('signing.revoke'),
  );
const allApplied = () =>
  heart.owner.query(
    `UPDATE outbox.node_stream SET told_epoch = ring.trust_epoch, settled_epoch = ring.trust_epoch
       FROM ring.key_ring AS ring WHERE ring.scope = node_stream.scope`,
  );

describe('of a revoke', () => {
  it('of the key that signs: who signs then, by when at the latest, and that who is away knows no end', async () => {
    const before = await heart.rows();
    const planned = await plan({ change: 'revoke', key_id: 'k1', new_key_id: 'k2' });
    expect(planned).toMatchObject({
      ...{ active_key_id: 'k1', signs_afterwards: 'k2', makes_key: true, gone: ['k1'], needs_recovery_key: false },
      ...{ dropped_by: null, done_at: null, blocked_by: [], refused: null },
    });
    const now = Date.now();
    const byMs = Date.parse(planned.signs_again_by ?? '');
    expect(byMs).toBeGreaterThan(now);
    expect(byMs).toBeLessThanOrEqual(now + CONFIG.leaseMs);
    expect(await heart.rows()).toEqual(before);
    expect(heart.signers.asked).toEqual([]);
  });

  it('of the retiring key: nobody waits to sign, and a Node that has applied the rotation drops it by itself', async () => {
    const { closes_at } = await rotate('k2');
    expect(await plan({ change: 'revoke', key_id: 'k1' })).toMatchObject({
      ...{ signs_afterwards: 'k2', gone: ['k1'], ends_rotation: true, signs_again_by: null },
      // One that lags has it as the key that signs.
      dropped_by: null,
    });
    await allApplied();
    const { dropped_by } = await plan({ change: 'revoke', key_id: 'k1' });
    expect(Date.parse(dropped_by ?? '')).toBe(Date.parse(closes_at) + CONFIG.clockSkewMs);
  });

  it('of a key of the platform needs the recovery key', async () => {
    expect(await plan({ scope: PLATFORM, change: 'revoke', key_id: 'p1' })).toMatchObject({ needs_recovery_key: true });
  });

  it('that is done says when, and that nothing blocks it: it is answered as it was', async () => {
    await revoke('k1', 'k2');
    const planned = await plan({ change: 'revoke', key_id: 'k1' });
    expect(planned).toMatchObject({ done_at: expect.any(String), signs_afterwards: null, gone: [] });
    expect(planned).toMatchObject({ signs_again_by: null, blocked_by: [], refused: null });
    const [audited] = await heart.owner.query<{ at: Date }[]>('SELECT happened_at AS at FROM ring.audit');
    expect(planned.done_at).toBe(audited?.at.toISOString());
    await heart.owner.query(`UPDATE ring.request SET answered_at = answered_at - interval '1 day 1 min'`);
    await forgetOldAnswers(heart.owner.manager);
    expect(await plan({ change: 'revoke', key_id: 'k1' })).toMatchObject({
      ...{ done_at: null, blocked_by: ['signing: key revoked'] },
      refused: { code: 'FAILED_PRECONDITION', detail: 'signing: key revoked', key_id: 'k1' },
    });
  });
});

it.each<[string, () => unknown, Partial<PlanChange> & Pick<PlanChange, 'change'>, object]>([
  [
    'a revoke of a key that never was',
    () => undefined,
    { change: 'revoke', key_id: 'k9' },
    { detail: 'signing: unknown key', key_id: 'k9' },
  ],
  ['an unstage of nothing', () => undefined, { change: 'unstage' }, { detail: 'signing: key not staged' }],
  [
    'an unstage of another key',
    () => stage('k2'),
    { change: 'unstage', key_id: 'k1' },
    { detail: 'signing: key not staged', key_id: 'k1' },
  ],
  [
    'a second stage',
    () => stage('k2'),
    { change: 'stage', new_key_id: 'k3' },
    { detail: 'signing: another key is staged', key_id: 'k2', rotate_by: expect.any(String) },
  ],
])('%s: says what the command would answer, whole', async (_, arrange, asked, refused) => {
  await arrange();
  const planned = await plan(asked);
  expect(planned.refused).toMatchObject(refused);
  expect(planned.blocked_by).toEqual([planned.refused?.detail]);
  // What has no name is not named as nothing.
  expect(Object.values(planned.refused ?? {})).not.toContain('');
});
