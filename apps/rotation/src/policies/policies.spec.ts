// What is decided for kinds and scopes, on a real PostgreSQL and under the service's own role.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { PLATFORM, type Problem } from '@plexsphere/wire';
import type { PlanPolicy, PolicyReply, SetPolicy } from '@plexsphere/wire/commands';
import { DOMAIN, Heart, detailOf, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

const OTHER = 'domain:bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const KIND = 'domain' as const;
const operator = { role: 'operator', scopes: null } as const;
/** Of the spec's settings: max(1 h, 5 min) + 15 min + 5 min + 30 s. */
const LEAST_OVERLAP_S = 4_830;

let heart: Heart;
let replica: Replica;
beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replica = await heart.replica();
});
afterEach(() => heart.stop());

const set = (request: SetPolicy, by = replica): Promise<PolicyReply> =>
  by.policies.set(request, identity('policy.set'), null);
const show = (target: { scope: string } | { kind: 'domain' }) => replica.policies.show(target, null);
const plan = (request: PlanPolicy) => replica.policies.plan(request, operator);
const createRing = (scope: string) =>
  replica.createRing.create(
    { scope, keyId: 'a', refusal: { name: 'domainExists', field: 'id' } },
    identity('domain.create'),
  );
const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as Problem).body,
  );

it('where nothing is decided, all comes from the settings', async () => {
  expect(await show({ scope: DOMAIN })).toMatchObject({
    scope: DOMAIN,
    policy: {
      ...{ algorithm: 'Ed25519', overlap_window_seconds: 3_600, propagation_delay_seconds: 900, rotate_every: 'never' },
      ...{ close: 'manual', share_required: 100, key_id_pattern: '{name}-{yyyy}-{mm}-{dd}', standby: false },
    },
    from: { close: 'setting', overlap_window_seconds: 'setting' },
    kind_version: 0,
    lacking: null,
  });
});

it('scope over kind over setting, and each says whence it came; what is inherited again comes from the kind', async () => {
  await set({ kind: KIND, share_required: 90, overlap_window_seconds: LEAST_OVERLAP_S });
  const of = await set({ scope: DOMAIN, share_required: 50, rotate_every: '0 3 * * MON' });
  expect(of).toMatchObject({
    policy: { share_required: 50, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '0 3 * * MON' },
    from: { share_required: 'scope', rotate_every: 'scope', overlap_window_seconds: 'kind', close: 'setting' },
    kind_version: 1,
  });
  expect(await set({ scope: DOMAIN, inherit: ['share_required'] })).toMatchObject({
    policy: { share_required: 90 },
    from: { share_required: 'kind' },
  });
  expect(await show({ scope: PLATFORM })).toMatchObject({ from: { share_required: 'setting' } });
});

it("a mesh ring's policy is nobody's news: no epoch, no event; the audit log has both", async () => {
  const before = await heart.rows();
  await set({ scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S });
  const after = await heart.rows();
  const changed = Object.keys(after).filter((table) => after[table] !== before[table]);
  expect(changed).toEqual(['ring.audit', 'ring.request']);
  const [row] = await heart.owner.query<{ before: object; after: object }[]>(
    `SELECT before, after FROM ring.audit WHERE action = 'policy.set' AND scope = $1`,
    [DOMAIN],
  );
  expect(row).toMatchObject({
    before: { overlap_window_seconds: 3_600 },
    after: { overlap_window_seconds: LEAST_OVERLAP_S },
  });
});

describe('refused, with the member and the sum, and nothing has changed', () => {
  const BELOW = LEAST_OVERLAP_S - 1;
  it.each<[string, SetPolicy, string, string, RegExp]>([
    [
      'an overlap below the sum',
      { scope: DOMAIN, overlap_window_seconds: BELOW },
      'signing: invariant violation',
      'overlap_window_seconds',
      /4829 s is too short.*max\(token life 3600 s, staleness 300 s\) \+ verifier cache 900 s .* = 4830 s/,
    ],
    [
      'a propagation below what verifiers cache',
      { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, propagation_delay_seconds: 899 },
      'signing: invariant violation',
      'propagation_delay_seconds',
      /at least the verifier cache 900 s/,
    ],
    [
      'every so often that one does not end before the next',
      { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '5729s' },
      'signing: schedule invalid',
      'rotate_every',
      /5729 s between two rotations.* = 5730 s/,
    ],
    [
      'cron that fires too often',
      { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '0 * * * *' },
      'signing: schedule invalid',
      'rotate_every',
      /3600 s between/,
    ],
    [
      'cron that never fires',
      { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '0 0 31 2 *' },
      'signing: schedule invalid',
      'rotate_every',
      /never fires/,
    ],
    [
      'a standby, which a mesh ring has not',
      { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, standby: true },
      'signing: invariant violation',
      'standby',
      /^standby is for/,
    ],
    [
      'a pattern that gives no key ids',
      { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, key_id_pattern: '~{name}' },
      'signing: invariant violation',
      'key_id_pattern',
      /gives no key ids/,
    ],
  ])('%s', async (_, request, detail, field, reason) => {
    const before = await heart.rows();
    const members = { ...request };
    delete members.scope;
    for (const each of [request, { ...members, kind: KIND }]) {
      const planned = await plan(each);
      expect(planned).toMatchObject({
        blocked_by: [detail],
        refused: { field, reason: expect.stringMatching(reason) },
      });
      expect(await refusalOf(set(each))).toMatchObject({ detail, field, reason: expect.stringMatching(reason) });
    }
    expect(await heart.rows()).toEqual(before);
  });

  it('by the member that was given, where others that stand do not add up with it', async () => {
    await set({ scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '7d' });
    const longer = { scope: DOMAIN, overlap_window_seconds: 8 * 86_400 };
    const refused = { field: 'overlap_window_seconds', reason: expect.stringMatching(/^the schedule is too dense/) };
    expect(await plan(longer)).toMatchObject({ blocked_by: ['signing: schedule invalid'], refused });
    expect(await refusalOf(set(longer))).toMatchObject({ detail: 'signing: schedule invalid', ...refused });
  });

  it.each<[string, SetPolicy, string]>([
    ['neither a kind nor a scope', { share_required: 50 }, 'scope'],
    ['both', { kind: KIND, scope: DOMAIN, share_required: 50 }, 'kind'],
    ['a kind that this installation has not', { kind: 'issuer', share_required: 50 }, 'kind'],
    ['nothing to decide', { scope: DOMAIN }, 'body'],
    ['a member both ways', { scope: DOMAIN, share_required: 50, inherit: ['share_required'] }, 'inherit'],
    ['a scope without a ring', { scope: OTHER, share_required: 50 }, 'scope'],
  ])('%s', async (_, request, field) => {
    expect(await refusalOf(set(request))).toMatchObject({ field });
  });
});

describe("a kind's policy", () => {
  beforeEach(() => createRing(OTHER));
  const overlap = { kind: KIND, overlap_window_seconds: LEAST_OVERLAP_S };

  it('is applied to each of its rings, and to one that is born later', async () => {
    expect(await set(overlap)).toMatchObject({ kind_version: 1, rings: 2, lacking_count: 0, lacking_rings: [] });
    const third = 'domain:cccccccc-cccc-4ccc-8ccc-cccccccccccc';
    await createRing(third);
    for (const scope of [DOMAIN, OTHER, third]) {
      expect(await show({ scope })).toMatchObject({ kind_version: 1, from: { overlap_window_seconds: 'kind' } });
    }
  });

  it('is not one that a ring goes by whose own decisions forbid it, and that ring is named with the reason', async () => {
    await set({ scope: OTHER, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '7d' });
    const lacking = [{ scope: OTHER, kind_version: 0, reason: expect.stringMatching(/^the schedule is too dense/) }];
    const request = { kind: KIND, propagation_delay_seconds: 604_800, overlap_window_seconds: LEAST_OVERLAP_S };
    expect(await plan(request)).toMatchObject({ blocked_by: [], rings: 2, lacking_count: 1, lacking_rings: lacking });
    expect(await set(request)).toMatchObject({ rings: 2, lacking_count: 1, lacking_rings: lacking });
    expect(await show({ scope: OTHER })).toMatchObject({
      policy: { propagation_delay_seconds: 900 },
      lacking: lacking[0],
    });
    expect(await show({ scope: DOMAIN })).toMatchObject({
      policy: { propagation_delay_seconds: 604_800 },
      lacking: null,
    });
    // Once it may, it is applied without anybody's deciding anew.
    await set({ scope: OTHER, inherit: ['rotate_every'] });
    await replica.kindPolicies.applyLacking();
    expect(await show({ scope: OTHER })).toMatchObject({
      policy: { propagation_delay_seconds: 604_800 },
      lacking: null,
    });
  });

  it('is applied by others where the replica that was asked has gone', async () => {
    await heart.owner.query(
      `INSERT INTO ring.kind_policy (kind, members, version, decided_at)
       VALUES ('domain', '{"close": "automatic", "overlapWindowMs": 4830000}', 3, now())`,
    );
    expect(await show({ kind: KIND })).toMatchObject({ lacking_count: 2, lacking_rings: [{ kind_version: 0 }, {}] });
    await Promise.all([replica, await heart.replica()].map(({ kindPolicies }) => kindPolicies.applyLacking()));
    expect(await show({ kind: KIND })).toMatchObject({ lacking_count: 0 });
    // Each was applied once, though two replicas did it.
    const applied = await heart.owner.query<unknown[]>(`SELECT FROM ring.audit WHERE action = 'policy.set'`);
    expect(applied).toHaveLength(2);
  });
});

it('two who decide for one scope at once: both stand, one after the other', async () => {
  await set({ scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S });
  const other = await heart.replica();
  const ends = await Promise.allSettled([
    set({ scope: DOMAIN, share_required: 50 }),
    set({ scope: DOMAIN, close: 'automatic' }, other),
  ]);
  expect(ends.map(detailOf)).toEqual(['done', 'done']);
  expect(await show({ scope: DOMAIN })).toMatchObject({ policy: { share_required: 50, close: 'automatic' } });
});

it('the same request gets the same answer, and decides once', async () => {
  const request = identity('policy.set');
  const asked = { scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S };
  const first = await replica.policies.set(asked, request, null);
  await set({ scope: DOMAIN, close: 'automatic' });
  expect(await replica.policies.set(asked, request, null)).toEqual(first);
});

it('a schedule counts from when it was decided, and goes on counting while it stays', async () => {
  const since = async () =>
    (
      await heart.owner.query<{ at: Date }[]>(`SELECT scheduled_since AS at FROM ring.policy WHERE scope = $1`, [
        DOMAIN,
      ])
    )[0]?.at;
  await set({ scope: DOMAIN, overlap_window_seconds: LEAST_OVERLAP_S, rotate_every: '7d' });
  const first = await since();
  expect(first).toBeInstanceOf(Date);
  await set({ scope: DOMAIN, share_required: 50 });
  expect(await since()).toEqual(first);
  await set({ scope: DOMAIN, rotate_every: '8d' });
  expect(await since()).not.toEqual(first);
});
