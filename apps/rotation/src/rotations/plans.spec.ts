import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { requiredOverlapMs, scopePolicy } from '@plexsphere/keyring';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { problem, type Command } from '@plexsphere/wire';
import type { PlanClose } from '@plexsphere/wire/commands';
import {
  ANA,
  CLOSED_SCOPE,
  LEASES,
  OPEN_SCOPE,
  PLATFORM_OPEN,
  seededRings,
  type SeededRings,
} from '../../testing/seeded-rings';
import type { RotationConfig } from '../rotation-config';
import { CloseRotation } from './close-rotation';
import { OpenRotation } from './open-rotation';
import type { Preparation } from './preparation';
import type { AfterCommit } from './after-commit';
import { ChangeRing } from '../rings/change-ring';
import { ChangeDecisions } from '../rings/change-decisions';
import { CommandTransactions } from '../transactions/command-transactions';
import { RotationPlans } from './rotation-plans';

const config = {
  ...{ leaseMs: 10_000, overlapWindowMs: 86_400_000, clockSkewMs: 30_000, relayLagMs: 300_000, stalenessMs: 300_000 },
  ...{ verifierCacheMs: 900_000, longestTokenLifeMs: 3_600_000 },
} as RotationConfig;
const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
const afterCommit = {} as AfterCommit;

const ALL_APPLIED = `UPDATE outbox.node_stream SET settled_epoch = told_epoch, told_epoch = greatest(told_epoch, 2);
                     UPDATE outbox.node_stream SET settled_epoch = told_epoch`;
const OVERDUE = `UPDATE ring.transition SET closes_at = clock_timestamp() - interval '1 min' WHERE outcome IS NULL`;
const NO_SIGNER = `DELETE FROM ring.lease WHERE holder = 'signer-1'`;
const SOMEONE_AHEAD = `
  INSERT INTO ring.later_statement (scope, epoch, statement, shown_by)
  VALUES ('${OPEN_SCOPE}', 9, 's', 'signer-3'), ('${CLOSED_SCOPE}', 9, 's', 'signer-3')`;
/** What nobody has proved. */
const BARE_NUMBER = `UPDATE ring.lease SET ahead = '{"${OPEN_SCOPE}": 9, "${CLOSED_SCOPE}": 9}' WHERE holder = 'signer-3'`;

const closingOf = ({ scope, old_key_id: oldKeyId, new_key_id: newKeyId }: PlanClose) => ({ scope, oldKeyId, newKeyId });

describe('plans', () => {
  let seeded: SeededRings;
  beforeEach(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  }, 60_000);
  afterEach(() => seeded.drop());

  /** Renewed at this moment: what is decided does not hang on how long the test took to come here. */
  const arrange = async (...changes: string[]): Promise<void> => {
    for (const statement of [`DELETE FROM ring.lease; DELETE FROM ring.later_statement`, LEASES, ...changes])
      await seeded.asOwner(statement);
  };
  const planRotation = (scope: string, newKeyId: string, role: 'viewer' | 'operator' = 'operator') =>
    new RotationPlans(seeded.database, new ChangeDecisions(config), config).ofRotation({ scope, newKeyId }, { role });
  const planClosing = (request: PlanClose, role: 'viewer' | 'operator' = 'operator') => {
    const { scope, ...named } = closingOf(request);
    return new RotationPlans(seeded.database, new ChangeDecisions(config), config).ofClosing(scope, named, {
      role,
      scopes: null,
    });
  };
  const identity = (command: Command) => ({ requestId: randomUUID(), command, actor: ANA, bodyHash: '' });

  it('of a rotation: what, to whom, and until when', async () => {
    await arrange();
    const plan = await planRotation(CLOSED_SCOPE, 'b4');
    expect(plan).toEqual({
      scope: CLOSED_SCOPE,
      old_key_id: 'b3',
      new_key_id: 'b4',
      closes_at: expect.any(String),
      nodes: 1,
      pending_count: 0,
      offline_count: 0,
      signers: ['signer-1', 'signer-2'],
      blocked_by: [],
    });
    expect(Math.round((Date.parse(plan.closes_at) - Date.now()) / 3_600_000)).toBe(24);
    expect(await planRotation(OPEN_SCOPE, 'a3')).toMatchObject({ nodes: 6, pending_count: 1, offline_count: 2 });
  });

  it('of a rotation goes by the policy of the ring, as the command does', async () => {
    const own = JSON.stringify({ overlapWindowMs: 48 * 3_600_000, propagationDelayMs: 3_600_000 });
    await arrange(
      `INSERT INTO ring.policy (scope, own, of_kind, kind_version) VALUES ('${CLOSED_SCOPE}', '${own}', '{}', 0)`,
      `INSERT INTO ring.signing_key (scope, key_id, state, algorithm, public_key, staged_at, rotate_by, verifies_until)
       SELECT scope, 'b4', 'staged', algorithm, 'b4', clock_timestamp() - interval '20 min',
              clock_timestamp() + interval '1 day', clock_timestamp() + interval '3 days'
         FROM ring.signing_key WHERE scope = '${CLOSED_SCOPE}' AND state = 'active'`,
    );
    const plan = await planRotation(CLOSED_SCOPE, 'b4');
    expect(plan.blocked_by).toEqual(['signing: not propagated yet']);
    expect(Math.round((Date.parse(plan.propagated_at ?? '') - Date.now()) / 60_000)).toBe(40);
    expect(Math.round((Date.parse(plan.closes_at) - Date.now()) / 3_600_000)).toBe(48);
  });

  const UNKNOWN = 'domain:none';
  it.each([
    ['a rotation that is open', OPEN_SCOPE, 'a3', [], ['rotation in progress']],
    ['a key id that is taken', CLOSED_SCOPE, 'b1', [], ['key id in use']],
    ['both', OPEN_SCOPE, 'a1', [], ['rotation in progress', 'key id in use']],
    ['no signer that could make the key', CLOSED_SCOPE, 'b4', [NO_SIGNER], ['no signer available']],
    ['a signer that has proved a later epoch', CLOSED_SCOPE, 'b4', [SOMEONE_AHEAD], ['epoch went back']],
    [
      'all of it',
      OPEN_SCOPE,
      'a1',
      [NO_SIGNER, SOMEONE_AHEAD],
      ['rotation in progress', 'key id in use', 'epoch went back', 'no signer available'],
    ],
    ['a scope without ring', UNKNOWN, 'x', [], ['unknown scope']],
  ])(
    'of a rotation name what blocks it, first what the command says: %s',
    async (_, scope, kid, changes, blockedBy) => {
      await arrange(...changes);
      const plan = await planRotation(scope, kid);
      expect(plan.blocked_by).toEqual(blockedBy.map((detail) => `signing: ${detail}`));
      const prepare = () =>
        changes.includes(NO_SIGNER) ? Promise.reject(problem('noSigner')) : Promise.resolve({ ready: [], unready: [] });
      const preparation = { prepare } as unknown as Preparation;
      const transactions = new CommandTransactions(seeded.database, seeded.database, logger);
      const unused = {} as never;
      const { database } = seeded;
      const rings = new ChangeRing(database, preparation, unused, unused, afterCommit, transactions, config, logger);
      const command = new OpenRotation(rings, unused, new ChangeDecisions(config), afterCommit);
      const opening = command.open({ scope, newKeyId: kid, reason: null }, identity('signing.rotate'));
      await expect(opening).rejects.toMatchObject({ detail: plan.blocked_by[0] });
    },
  );

  it('S8: a later epoch that a holder claims and does not prove blocks nothing', async () => {
    await arrange(BARE_NUMBER);
    expect((await planRotation(CLOSED_SCOPE, 'b4')).blocked_by).toEqual([]);
    expect((await planClosing({ scope: OPEN_SCOPE })).blocked_by).toEqual(['signing: nodes lagging']);
  });

  it('of a close: the triple, the numbers, and the earliest time', async () => {
    await arrange();
    const plan = await planClosing({ scope: OPEN_SCOPE });
    expect(plan).toMatchObject({
      old_key_id: 'a1',
      new_key_id: 'a2',
      nodes: { enrolled: 6, sent: 4, applied: 2, lagging_count: 3, pending_count: 1, offline_count: 2 },
      blocked_by: ['signing: nodes lagging'],
    });
    expect(plan.earliest_close_at).toBe(plan.closes_at);
  });

  it('N-10: of a close say from when on no verifier needs the old key: the sum of bring-up after the switch', async () => {
    await arrange(ALL_APPLIED);
    const plan = await planClosing({ scope: OPEN_SCOPE });
    expect(plan.blocked_by).toEqual([]);
    const [{ switched_at }] = (await seeded.asOwner<{ switched_at: Date }>(
      `SELECT switched_at FROM ring.ring_change WHERE scope = '${OPEN_SCOPE}' AND epoch = 2`,
    )) as [{ switched_at: Date }];
    expect(Date.parse(plan.safe_close_at ?? '') - switched_at.getTime()).toBe(
      requiredOverlapMs(config, scopePolicy('domain')),
    );
    await arrange(`UPDATE ring.ring_change SET switched_at = NULL WHERE scope = '${OPEN_SCOPE}'`);
    expect((await planClosing({ scope: OPEN_SCOPE })).safe_close_at).toBeNull();
    expect((await planClosing({ scope: CLOSED_SCOPE })).safe_close_at).toBeNull();
  });

  it("P-9: of the platform count the Domains' Nodes apart, and never let them block", async () => {
    await arrange(PLATFORM_OPEN);
    expect(await planRotation('platform', 'p3')).toMatchObject({
      nodes: 0,
      domain_nodes: { nodes: 7, pending_count: 1, offline_count: 2 },
    });
    const plan = await planClosing({ scope: 'platform' });
    expect(plan.blocked_by).toEqual([]);
    expect(plan.nodes).toMatchObject({ enrolled: 0, lagging_count: 0 });
    expect(plan.domain_nodes).toMatchObject({ enrolled: 7, sent: 1, applied: 1, lagging_count: 5, pending_count: 1 });
    expect(plan.domain_nodes?.lagging).toContain(`${OPEN_SCOPE}/told`);
    expect(await planClosing({ scope: OPEN_SCOPE })).not.toHaveProperty('domain_nodes');
  });

  it.each([
    ['all have applied, pending ones aside', ALL_APPLIED],
    ['closes_at is past, whoever lags', OVERDUE],
  ])('of a close say now when %s', async (_, change) => {
    await arrange(change);
    const plan = await planClosing({ scope: OPEN_SCOPE, old_key_id: 'a1', new_key_id: 'a2' });
    expect(plan.blocked_by).toEqual([]);
    expect(Math.abs(Date.parse(plan.earliest_close_at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['no rotation that is open', { scope: CLOSED_SCOPE }, [], ['no open rotation']],
    ['a wrong old key', { scope: OPEN_SCOPE, old_key_id: 'a0' }, [ALL_APPLIED], ['transition mismatch']],
    ['Nodes that lag', { scope: OPEN_SCOPE }, [], ['nodes lagging']],
    [
      'all of it',
      { scope: OPEN_SCOPE, old_key_id: 'a1', new_key_id: 'a3' },
      [SOMEONE_AHEAD],
      ['transition mismatch', 'epoch went back', 'nodes lagging'],
    ],
    ['a scope without ring', { scope: UNKNOWN }, [], ['unknown scope']],
  ])(
    'of a close name what blocks it, first what the command says: %s',
    async (_, request: PlanClose, changes, blockedBy) => {
      await arrange(...changes);
      const plan = await planClosing(request);
      expect(plan.blocked_by).toEqual(blockedBy.map((detail) => `signing: ${detail}`));
      expect(plan.earliest_close_at === null).toBe(request.scope !== OPEN_SCOPE);
      const closing = new CloseRotation(
        seeded.database,
        afterCommit,
        new CommandTransactions(seeded.database, seeded.database, logger),
        new ChangeDecisions(config),
        config,
        logger,
      ).close(
        {
          scope: request.scope,
          oldKeyId: request.old_key_id ?? 'a1',
          newKeyId: request.new_key_id ?? 'a2',
          force: false,
        },
        identity('signing.close'),
      );
      await expect(closing).rejects.toMatchObject({ detail: plan.blocked_by[0] });
    },
  );

  it('tell a viewer that the command is not theirs', async () => {
    await arrange();
    expect((await planRotation(CLOSED_SCOPE, 'b4', 'viewer')).blocked_by).toEqual(['signing: permission denied']);
    expect((await planClosing({ scope: OPEN_SCOPE }, 'viewer')).blocked_by).toEqual([
      'signing: permission denied',
      'signing: nodes lagging',
    ]);
  });

  it('leave every table as it was', async () => {
    await arrange();
    const before = await contentOf(seeded);
    expect(before.length).toBeGreaterThan(14);
    expect(before.filter(({ rows }) => rows > 0).length).toBeGreaterThan(9);
    for (const scope of [OPEN_SCOPE, CLOSED_SCOPE, UNKNOWN]) {
      for (const keyId of ['a1', 'new']) await planRotation(scope, keyId);
      await planClosing({ scope });
      await planClosing({ scope, old_key_id: 'a1', new_key_id: 'a2' });
    }
    expect(await contentOf(seeded)).toEqual(before);
  });
});

interface Content {
  name: string;
  rows: number;
  hash: string | null;
}

/** Every table of the database, whoever owns it. */
async function contentOf(seeded: SeededRings): Promise<Content[]> {
  const tables = await seeded.asOwner<{ name: string }>(`
    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`);
  const content: Content[] = [];
  for (const { name } of tables) {
    const [found] = await seeded.asOwner<Omit<Content, 'name'>>(
      `SELECT count(*)::int AS rows, md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash FROM ${name} AS t`,
    );
    if (found !== undefined) content.push({ name, ...found });
  }
  return content;
}
