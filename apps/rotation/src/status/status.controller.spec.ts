import 'reflect-metadata';
import { requiredOverlapMs, scopePolicy } from '@plexsphere/keyring';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import {
  ANA,
  STRANGER,
  VIC,
  CLOSED_SCOPE,
  NODE_IDS,
  OPEN_SCOPE,
  PLATFORM_OPEN,
  seededRings,
  type SeededRings,
} from '../../testing/seeded-rings';
import type { RotationConfig } from '../rotation-config';
import { addRefusals } from '../refusals/refusal-table';
import type { Asked } from '../operators/operator.guard';
import { StatusController } from './status.controller';

const LONG_ENOUGH = {
  clockSkewMs: 30_000,
  stalenessMs: 300_000,
  relayLagMs: 300_000,
  verifierCacheMs: 900_000,
  longestTokenLifeMs: 3_600_000,
  bothForMs: 300_000,
};
/** By an operator who is shown these scopes. */
const asked = (visible: string[] | null, operator: { id: string; scopes: string[] | null }): Asked =>
  ({ operator, visibleScopes: () => visible }) as unknown as Asked;

/** Sees every scope. */
const ALL = { id: ANA, scopes: null };

const config = {
  leaseMs: 10_000,
  signingDurationMs: 1_000,
  overlapWindowMs: 86_400_000,
  scopeKinds: ['platform', 'domain'],
  ...LONG_ENOUGH,
} as RotationConfig;

describe('status', () => {
  let seeded: SeededRings;
  let controller: StatusController;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
    controller = new StatusController(seeded.database, config);
  }, 60_000);
  afterAll(() => seeded.drop());

  const statusOf = async (scope: string) => {
    const [status] = (await controller.status({ scope }, asked([scope], ALL))).scopes;
    if (status === undefined) throw new Error('no status');
    return status;
  };

  it('tells what was sent from what was applied, and who is lagging, pending, offline', async () => {
    const { nodes } = await statusOf(OPEN_SCOPE);
    expect(nodes).toEqual({
      enrolled: 6,
      sent: 4,
      applied: 2,
      lagging_count: 3,
      lagging: ['asleep', 'told', 'untold'],
      pending_count: 1,
      pending: ['new'],
      offline_count: 2,
      offline: [
        { name: 'asleep', since: expect.any(String) },
        { name: 'resting', since: expect.any(String) },
      ],
      quietest: { name: expect.stringMatching(/^(current|told|untold)$/), seconds: expect.any(Number) },
    });
    expect(nodes.enrolled).toBe(nodes.applied + nodes.lagging_count + nodes.pending_count);
  });

  it('shows the ring, the open rotation and the time left', async () => {
    const { epoch, trust_epoch, keys, transition } = await statusOf(OPEN_SCOPE);
    expect([epoch, trust_epoch]).toEqual([2, 2]);
    expect(keys.map((key) => [key.key_id, key.state, Math.round(key.age_seconds / 3_600)])).toEqual([
      ['a1', 'retiring', 1],
      ['a2', 'active', 1],
    ]);
    expect(transition).toMatchObject({ old_key_id: 'a1', new_key_id: 'a2', switched_at: expect.any(String) });
    expect(Math.round((transition?.seconds_left ?? 0) / 3_600)).toBe(23);
  });

  it('of the keys that have ended shows the last alone', async () => {
    const { keys, transition } = await statusOf(CLOSED_SCOPE);
    expect(keys.map((key) => [key.key_id, key.state])).toEqual([
      ['b2', 'retired'],
      ['b3', 'active'],
    ]);
    expect(transition).toBeNull();
  });

  it('tells signers that have confirmed from those that are behind or have no lease', async () => {
    const states = (await statusOf(OPEN_SCOPE)).signers.map(({ holder, state, epoch }) => [holder, state, epoch]);
    expect(states).toEqual([
      ['signer-1', 'confirmed', 2],
      ['signer-2', 'behind', 1],
      ['signer-3', 'lapsed', 2],
    ]);
    const elsewhere = (await statusOf(CLOSED_SCOPE)).signers.map(({ state, epoch }) => [state, epoch]);
    expect(elsewhere).toEqual([
      ['confirmed', 5],
      ['lapsed', null],
      ['lapsed', null],
    ]);
  });

  it('P-4: counts what is unsent and what is not applied apart, of enrolled Nodes alone, and the ages', async () => {
    const { backlog } = await statusOf(OPEN_SCOPE);
    expect(backlog).toMatchObject({ rows: 5, unsent: 3, sent: 2 });
    expect(backlog.oldest_unsent_seconds).toBeGreaterThanOrEqual(40);
    expect(backlog.oldest_unsent_seconds).toBeLessThan(300);
    expect(backlog.oldest_seconds).toBeGreaterThanOrEqual(3_600);
    expect((await statusOf(CLOSED_SCOPE)).backlog).toEqual({
      ...{ rows: 0, unsent: 0, sent: 0, oldest_seconds: null, oldest_unsent_seconds: null },
    });
  });

  it('P-4: an event that was sent and that nobody has applied is no empty backlog', async () => {
    await seeded.asOwner(`
      INSERT INTO outbox.event (event_id, scope, event_type) VALUES ('undelivered', '${CLOSED_SCOPE}', 'news');
      INSERT INTO outbox.message (node_id, scope, event_id, state, sent_at)
        VALUES ('${NODE_IDS.edge}', '${CLOSED_SCOPE}', 'undelivered', 'sent', now())`);
    expect((await statusOf(CLOSED_SCOPE)).backlog).toMatchObject({ rows: 1, unsent: 0, sent: 1, oldest_seconds: 0 });
    await seeded.asOwner(`DELETE FROM outbox.message WHERE event_id = 'undelivered'`);
  });

  it('P-4: says of whom who counts as there the last word is the oldest, and how old', async () => {
    const { nodes } = await statusOf(CLOSED_SCOPE);
    expect(nodes.quietest).toEqual({ name: 'edge', seconds: expect.any(Number) });
    expect(nodes.quietest?.seconds).toBeGreaterThanOrEqual(1);
  });

  it("P-9: counts the Domains' Nodes by the platform's epochs, and names them to who may see them", async () => {
    const platformSeenBy = async (seen: string[] | null) =>
      (await controller.status({ scope: 'platform' }, asked(['platform'], { id: ANA, scopes: seen }))).scopes[0]
        ?.domain_nodes;
    expect(await platformSeenBy(null)).toMatchObject({ enrolled: 7, sent: 7, applied: 6, lagging_count: 0 });
    await seeded.asOwner(PLATFORM_OPEN);
    const numbers = { enrolled: 7, sent: 1, applied: 1, lagging_count: 5, pending_count: 1, offline_count: 2 };
    expect(await platformSeenBy(null)).toMatchObject({
      ...numbers,
      lagging: ['asleep', 'current', 'resting', 'told', 'untold'].map((name) => `${OPEN_SCOPE}/${name}`),
      pending: [`${OPEN_SCOPE}/new`],
    });
    const unnamed = { lagging: [], pending: [], offline: [], quietest: { name: `${CLOSED_SCOPE}/edge` } };
    expect(await platformSeenBy(['platform', CLOSED_SCOPE])).toMatchObject({ ...numbers, ...unnamed, quietest: null });
    expect(await statusOf(OPEN_SCOPE)).not.toHaveProperty('domain_nodes');
  });

  it('names whose former key goes on being used', async () => {
    const contest = (...names: (keyof typeof NODE_IDS)[]) =>
      seeded.asOwner(`UPDATE ring.node SET contested_at = now() WHERE id IN
                        (${names.map((name) => `'${NODE_IDS[name]}'`).join()})`);
    expect(await statusOf(OPEN_SCOPE)).not.toHaveProperty('contested');
    await contest('told', 'current', 'gone');
    expect((await statusOf(OPEN_SCOPE)).contested).toEqual({ count: 2, names: ['current', 'told'] });
    expect(await statusOf(CLOSED_SCOPE)).not.toHaveProperty('contested');
    await seeded.asOwner('UPDATE ring.node SET contested_at = NULL');
  });

  it('names who follows another chain than ours, and each Domain that needs a revoke of its own', async () => {
    const platformSeenBy = async (seen: string[] | null) => {
      const { scopes } = await controller.status({ scope: 'platform' }, asked(['platform'], { id: ANA, scopes: seen }));
      const { forks, domain_forks, forked_domains } = scopes[0]!;
      return { forks, domain_forks, forked_domains };
    };
    expect(await platformSeenBy(null)).toEqual({});
    const fork = (column: string, ...names: (keyof typeof NODE_IDS)[]) =>
      seeded.asOwner(`UPDATE outbox.node_stream SET ${column} = now() WHERE node_id IN
                        (${names.map((name) => `'${NODE_IDS[name]}'`).join()})`);
    // One that is gone says nothing any more.
    await fork('forked_at', 'told', 'current', 'gone');
    await fork('platform_forked_at', 'told', 'edge');
    expect((await statusOf(OPEN_SCOPE)).forks).toEqual({ count: 2, names: ['current', 'told'] });
    expect(await statusOf(CLOSED_SCOPE)).not.toHaveProperty('forks');
    expect(await platformSeenBy(null)).toEqual({
      domain_forks: { count: 2, names: [`${OPEN_SCOPE}/told`, `${CLOSED_SCOPE}/edge`] },
      forked_domains: { count: 1, scopes: [OPEN_SCOPE] },
    });
    expect(await platformSeenBy(['platform', CLOSED_SCOPE])).toEqual({
      domain_forks: { count: 2, names: [`${CLOSED_SCOPE}/edge`] },
      forked_domains: { count: 1, scopes: [] },
    });
    await seeded.asOwner(`UPDATE outbox.node_stream SET forked_at = NULL, platform_forked_at = NULL`);
  });

  it('S12: counts what was refused in the last hour, to an operator of some scopes their own alone', async () => {
    const denied = { command: 'signing.close', code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
    await addRefusals(seeded.database, [
      { actor: VIC, ...denied, count: 3 },
      { actor: STRANGER, ...denied, count: 9 },
      { actor: 'others', ...denied, command: 'others', count: 1 },
      { actor: VIC, command: 'commands', code: 'HELD_BACK', detail: '', count: 5 },
    ]);
    await addRefusals(seeded.database, [{ actor: VIC, ...denied, count: 4 }]);
    await seeded.asOwner(`INSERT INTO ring.refusal SELECT minute - interval '2 h', actor, command, code, detail, 100
                            FROM ring.refusal`);
    const seenBy = async (asker: typeof ALL | { id: string; scopes: string[] }) =>
      (await controller.status({ scope: OPEN_SCOPE }, asked([OPEN_SCOPE], asker))).refusals.map(({ actor, count }) => [
        actor,
        count,
      ]);
    expect(await seenBy(ALL)).toEqual([
      ['unknown', 9],
      ['vic', 7],
      ['others', 1],
    ]);
    expect(await seenBy({ id: VIC, scopes: [OPEN_SCOPE] })).toEqual([['vic', 7]]);
    expect((await controller.status({}, asked(null, ALL))).held_back).toEqual([
      { actor: 'vic', queue: 'commands', count: 5, last_at: expect.any(String) },
    ]);
    expect(await seenBy({ id: STRANGER, scopes: [OPEN_SCOPE] })).toEqual([]);
  });

  it('N-10: says from when on no verifier can need the old key', async () => {
    const { transition } = await statusOf(OPEN_SCOPE);
    const after = Date.parse(transition?.safe_close_at ?? '') - Date.parse(transition?.switched_at ?? '');
    expect(after).toBe(requiredOverlapMs(config, scopePolicy('domain')));
  });

  it('shows every scope that may be seen and no other', async () => {
    const seen = async (scopes: string[] | null) =>
      (await controller.status({}, asked(scopes, ALL))).scopes.map(({ scope }) => scope);
    expect(await seen(null)).toEqual(['platform', OPEN_SCOPE, CLOSED_SCOPE]);
    expect(await seen([OPEN_SCOPE])).toEqual([OPEN_SCOPE]);
    expect(await seen([])).toEqual([]);
  });

  it('refuses a scope without ring', async () => {
    await expect(controller.status({ scope: 'domain:none' }, asked(['domain:none'], ALL))).rejects.toMatchObject({
      detail: 'signing: unknown scope',
    });
  });

  it('says whether the overlap window is too short', async () => {
    expect((await controller.status({}, asked(null, ALL))).short_overlap_allowed).toBe(false);
    const short = new StatusController(seeded.database, { ...config, overlapWindowMs: 30_000 } as RotationConfig);
    expect((await short.status({}, asked(null, ALL))).short_overlap_allowed).toBe(true);
  });

  // The last one, since it stages a key for all others.
  it.each([
    ["the service's settings", `'{}'`, 900_000],
    ["the ring's own policy", `'{"propagationDelayMs": 3600000}'`, 3_600_000],
  ])('says of a staged key from when on it may be rotated to, by %s', async (_, own, delayMs) => {
    await seeded.asOwner(
      `INSERT INTO ring.signing_key (scope, key_id, state, algorithm, public_key, staged_at, rotate_by, verifies_until)
       SELECT scope, 'b4', 'staged', algorithm, 'b4', '2026-05-01T10:00:00Z', '2026-05-08T10:00:00Z', '2026-05-09T10:00:30Z'
         FROM ring.signing_key WHERE scope = '${CLOSED_SCOPE}' AND state = 'active' ON CONFLICT DO NOTHING`,
    );
    await seeded.asOwner(
      `INSERT INTO ring.policy (scope, own) VALUES ('${CLOSED_SCOPE}', ${own})
       ON CONFLICT (scope) DO UPDATE SET own = excluded.own`,
    );
    const { keys } = await statusOf(CLOSED_SCOPE);
    const staged = keys.find(({ state }) => state === 'staged');
    expect(staged).toMatchObject({ key_id: 'b4', rotate_by: '2026-05-08T10:00:00.000Z' });
    expect(Date.parse(staged?.propagated_at ?? '') - Date.parse('2026-05-01T10:00:00Z')).toBe(delayMs);
    expect(keys.filter(({ propagated_at: at }) => at !== undefined)).toHaveLength(1);
  });
});
