import {
  checkPolicy,
  longestCommandMs,
  type Policy,
  requiredOverlap,
  requiredOverlapMs,
  transitionExpires,
} from './policy';
import { scopePolicy, type ScopePolicy } from './scope-policy';

const STALENESS_MS = 300_000;
const DOMAIN = scopePolicy('domain');

const policy: Policy = {
  overlapWindowMs: 86_400_000,
  leaseMs: 10_000,
  signingDurationMs: 1_000,
  clockSkewMs: 30_000,
  relayLagMs: 60_000,
  verifierCacheMs: 120_000,
  stalenessMs: STALENESS_MS,
  longestTokenLifeMs: 0,
  bothForMs: 300_000,
  scopeKinds: ['platform', 'domain'],
};

describe('requiredOverlapMs', () => {
  it('counts staleness where no token lives longer', () => {
    expect(requiredOverlapMs(policy, DOMAIN)).toBe(STALENESS_MS + 210_000);
    expect(requiredOverlapMs({ ...policy, longestTokenLifeMs: STALENESS_MS - 1 }, DOMAIN)).toBe(STALENESS_MS + 210_000);
  });

  it('counts the longest token where it outlives staleness', () => {
    expect(requiredOverlapMs({ ...policy, longestTokenLifeMs: 3_600_000 }, DOMAIN)).toBe(3_810_000);
  });
});

describe('a channel’s window', () => {
  const sum = (part: object) => requiredOverlap({ ...policy, ...part }, scopePolicy('channel'));

  it('is as long as its members need to switch, whatever lives how long', () => {
    const { ms, sum: text } = sum({ longestTokenLifeMs: 999_000_000, stalenessMs: 999_000_000 });
    expect(ms).toBe(60_000 + 120_000 + 300_000 + 30_000);
    expect(text).toBe('relay lag 60 s + propagation 120 s + both keys 300 s + clock skew 30 s = 510 s');
  });

  it('goes by the ring’s own propagation delay, where it has decided one', () => {
    expect(sum({ propagationDelayMs: 600_000 }).ms).toBe(990_000);
  });
});

describe('what a ring’s keys sign', () => {
  const signing = (...signs: ScopePolicy['signs']): number =>
    requiredOverlapMs({ ...policy, longestTokenLifeMs: 100_000 }, { ...DOMAIN, signs });

  it('decides how long a signature has to be verified', () => {
    expect(signing('data')).toBe(100_000 + 210_000);
    expect(signing('token')).toBe(100_000 + 210_000);
    expect(signing('bundle')).toBe(STALENESS_MS + 210_000);
    expect(signing('statement')).toBe(210_000);
    expect(signing()).toBe(210_000);
  });
});

describe('checkPolicy', () => {
  const codes = (part: Partial<Policy>) => checkPolicy({ ...policy, ...part }).map(({ code }) => code);

  it('has nothing against a sound policy', () => expect(checkPolicy(policy)).toEqual([]));

  it('refuses an overlap window one millisecond short', () => {
    expect(codes({ overlapWindowMs: 510_000 })).toEqual([]);
    expect(codes({ overlapWindowMs: 509_999 })).toEqual(['short_overlap']);
  });

  it('H5: refuses a lease one millisecond too long for 2D + 2L + 2 s, D being what callers wait for', () => {
    expect(longestCommandMs({ leaseMs: 13_000, signingDurationMs: 1_000 })).toBe(30_000);
    expect(codes({ leaseMs: 13_000 })).toEqual([]);
    expect(codes({ leaseMs: 13_001 })).toEqual(['long_lease']);
  });

  it('names every problem, and shows the sums', () => {
    const problems = checkPolicy({ ...policy, overlapWindowMs: 30_000, leaseMs: 15_000 });
    expect(problems).toEqual([
      {
        code: 'short_overlap',
        sentence:
          'the overlap window of 30 s is too short: it must be at least max(token life 0 s, staleness 300 s) + ' +
          'verifier cache 120 s + relay lag 60 s + clock skew 30 s = 510 s',
      },
      {
        code: 'long_lease',
        sentence: 'the lease of 15 s is too long: 2 × signing 1 s + 2 × lease 15 s + 2 s = 34 s, more than 30 s',
      },
    ]);
  });

  it.each([
    { overlapWindowMs: 0 },
    { overlapWindowMs: Infinity },
    { leaseMs: 0 },
    { signingDurationMs: 0 },
    { leaseMs: Number.NaN },
    { clockSkewMs: -1 },
    { relayLagMs: 0.5 },
    { stalenessMs: -1 },
    { verifierCacheMs: -1 },
    { longestTokenLifeMs: Number.NaN },
    { bothForMs: -1 },
  ])('refuses a span that is none: %j', (part) => {
    expect(codes(part)).toEqual(['invariant_violation']);
  });
});

it('transitionExpires adds the skew allowance to closes_at', () => {
  expect(transitionExpires(new Date(1_000), policy)).toEqual(new Date(31_000));
});
