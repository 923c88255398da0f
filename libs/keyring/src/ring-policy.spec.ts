import type { Policy } from './policy';
import { checkRingPolicy, decidedPolicy, keyIdFrom, type RingPolicy } from './ring-policy';
import { scopePolicy } from './scope-policy';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const INSTALLATION: Policy = {
  ...{ overlapWindowMs: DAY_MS, leaseMs: 10 * SECOND_MS, signingDurationMs: SECOND_MS, clockSkewMs: 30 * SECOND_MS },
  ...{ stalenessMs: 300 * SECOND_MS, relayLagMs: 300 * SECOND_MS, verifierCacheMs: 900 * SECOND_MS },
  ...{ longestTokenLifeMs: 3_600 * SECOND_MS, bothForMs: 300_000, scopeKinds: ['platform', 'domain'] },
};
const SETTING: RingPolicy = {
  ...{ algorithm: 'Ed25519', overlapWindowMs: DAY_MS, propagationDelayMs: 900 * SECOND_MS, rotateEvery: null },
  ...{ close: 'manual', sharePercent: 100, keyIdPattern: '{name}-{yyyy}-{mm}-{dd}', standby: false },
  longestTokenLifeMs: 3_600 * SECOND_MS,
};
const every = (ms: number) => ({ rotateEvery: { everyMs: ms } });
const daily = (_: string, after: Date): Date => new Date(Math.floor(after.getTime() / DAY_MS + 1) * DAY_MS);

const problems = (over: Partial<RingPolicy>, nextFiring = daily, kind = 'platform') =>
  checkRingPolicy({ ...SETTING, ...over }, INSTALLATION, scopePolicy(kind), { nextFiring, now: new Date(0) });

describe('a policy that holds', () => {
  it.each<[string, Partial<RingPolicy>]>([
    ['the settings', {}],
    ['the shortest interval', every(DAY_MS + 900 * SECOND_MS)],
    ['a share of 1', { sharePercent: 1 }],
  ])('%s', (_, over) => expect(problems(over)).toEqual([]));

  it.each(scopePolicy('issuer').algorithms)('an issuer’s own choice of algorithm: %s', (algorithm) => {
    expect(problems({ algorithm, standby: true }, daily, 'issuer')).toEqual([]);
  });
});

it('an algorithm that is none of the kind’s is refused, and they are named', () => {
  expect(problems({ algorithm: 'HS256' }, daily, 'issuer')).toMatchObject([
    { sentence: 'algorithm must be ES256, Ed25519, RS256, PS256 for such a scope' },
  ]);
});

describe('a policy that is refused, with the sum', () => {
  const SUM =
    'max(token life 3600 s, staleness 300 s) + verifier cache 900 s + relay lag 300 s + clock skew 30 s = 4830 s';

  it.each<[Partial<RingPolicy>, string, string]>([
    [
      { overlapWindowMs: 4_829_999 },
      'short_overlap',
      `the overlap window of 4829.999 s is too short: it must be at least ${SUM}`,
    ],
    [
      { propagationDelayMs: 899 * SECOND_MS },
      'short_propagation',
      'the propagation delay of 899 s is too short: it must be at least the verifier cache 900 s',
    ],
    [
      every(DAY_MS),
      'schedule_invalid',
      'the schedule is too dense: 86400 s between two rotations, and it must be at least overlap 86400 s + propagation 900 s = 87300 s',
    ],
    [
      { rotateEvery: { cron: '0 0 * * *' } },
      'schedule_invalid',
      'the schedule is too dense: 86400 s between two rotations, and it must be at least overlap 86400 s + propagation 900 s = 87300 s',
    ],
    [{ algorithm: 'RS256' }, 'invariant_violation', 'algorithm must be Ed25519 for such a scope'],
    [{ sharePercent: 0 }, 'invariant_violation', 'sharePercent must be a whole number from 1 to 100'],
    [{ sharePercent: 101 }, 'invariant_violation', 'sharePercent must be a whole number from 1 to 100'],
    [
      { keyIdPattern: '{day}' },
      'invariant_violation',
      'keyIdPattern may hold {name}, {yyyy}, {mm} and {dd}, and no other braces',
    ],
    [{ standby: true }, 'invariant_violation', 'standby is for scopes whose keys are staged first'],
    [
      { overlapWindowMs: 0.5 },
      'invariant_violation',
      'overlapWindowMs must be a whole number of milliseconds, at least 1',
    ],
    [every(0), 'invariant_violation', 'rotateEvery must be a whole number of milliseconds, at least 1'],
  ])('%j', (over, code, sentence) => {
    expect(problems(over)).toMatchObject([{ code, sentence }]);
  });

  it('a schedule that never fires', () => {
    const never = checkRingPolicy(
      { ...SETTING, rotateEvery: { cron: '0 0 31 2 *' } },
      INSTALLATION,
      scopePolicy('platform'),
      {
        nextFiring: () => null,
        now: new Date(0),
      },
    );
    expect(never).toMatchObject([{ code: 'schedule_invalid', sentence: 'the schedule never fires' }]);
  });
});

it('takes each member from the scope, else from the kind, else from the settings, and says whence', () => {
  const { policy, from } = decidedPolicy(
    SETTING,
    { sharePercent: 90, close: 'automatic' },
    { sharePercent: 50, rotateEvery: null },
  );
  expect(policy).toEqual({ ...SETTING, sharePercent: 50, close: 'automatic' });
  expect(from).toMatchObject({
    sharePercent: 'scope',
    close: 'kind',
    rotateEvery: 'scope',
    overlapWindowMs: 'setting',
  });
});

it.each([
  [[], 'web-2026-03-09'],
  [['web-2026-03-09'], 'web-2026-03-09-2'],
  [['web-2026-03-09', 'web-2026-03-09-2'], 'web-2026-03-09-3'],
])('draws a key id that never stood in the ring: %j', (used, expected) => {
  expect(keyIdFrom('{name}-{yyyy}-{mm}-{dd}', { name: 'web', at: new Date('2026-03-09T23:59:59Z') }, used)).toBe(
    expected,
  );
});
