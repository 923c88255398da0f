import {
  checkPolicy,
  longestCommandMs,
  type Policy,
  refusesScopeKind,
  requiredOverlapMs,
  STALENESS_MS,
  transitionExpires,
} from './policy';

const policy: Policy = {
  overlapWindowMs: 86_400_000,
  leaseMs: 10_000,
  signingDurationMs: 1_000,
  clockSkewMs: 30_000,
  relayLagMs: 60_000,
  verifierCacheMs: 120_000,
  longestTokenLifeMs: 0,
  scopeKinds: ['platform', 'domain'],
};

describe('requiredOverlapMs', () => {
  it('counts staleness where no token lives longer', () => {
    expect(requiredOverlapMs(policy)).toBe(STALENESS_MS + 210_000);
    expect(requiredOverlapMs({ ...policy, longestTokenLifeMs: STALENESS_MS - 1 })).toBe(STALENESS_MS + 210_000);
  });

  it('counts the longest token where it outlives staleness', () => {
    expect(requiredOverlapMs({ ...policy, longestTokenLifeMs: 3_600_000 })).toBe(3_810_000);
  });
});

describe('checkPolicy', () => {
  const codes = (part: Partial<Policy>) => checkPolicy({ ...policy, ...part }).map(({ code }) => code);

  it('has nothing against a sound policy', () => expect(checkPolicy(policy)).toEqual([]));

  it('refuses an overlap window one millisecond short', () => {
    expect(codes({ overlapWindowMs: 510_000 })).toEqual([]);
    expect(codes({ overlapWindowMs: 509_999 })).toEqual(['short_overlap']);
  });

  it('H5: refuses a lease one millisecond too long for D + 2L + 2 s, D being what callers wait for', () => {
    expect(longestCommandMs({ leaseMs: 13_500, signingDurationMs: 1_000 })).toBe(30_000);
    expect(codes({ leaseMs: 13_500 })).toEqual([]);
    expect(codes({ leaseMs: 13_501 })).toEqual(['long_lease']);
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
        sentence: 'the lease of 15 s is too long: signing 1 s + 2 × lease 15 s + 2 s = 33 s, more than 30 s',
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
    { verifierCacheMs: -1 },
    { longestTokenLifeMs: Number.NaN },
  ])('refuses a span that is none: %j', (part) => {
    expect(codes(part)).toEqual(['invariant_violation']);
  });
});

it('transitionExpires adds the skew allowance to closes_at', () => {
  expect(transitionExpires(new Date(1_000), policy)).toEqual(new Date(31_000));
});

it.each([
  ['platform', false],
  ['domain', false],
  ['issuer', true],
  ['', true],
])('the profile refuses the scope kind "%s": %s', (kind, expected) => {
  expect(refusesScopeKind(policy, kind)).toBe(expected);
});
