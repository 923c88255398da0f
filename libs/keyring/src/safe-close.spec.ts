import { checkPolicy, requiredOverlapMs, safeCloseAt, type Policy } from './policy';
import { scopePolicy } from './scope-policy';

const DOMAIN = scopePolicy('domain');

const policy: Policy = {
  overlapWindowMs: 86_400_000,
  leaseMs: 10_000,
  signingDurationMs: 1_000,
  clockSkewMs: 30_000,
  relayLagMs: 300_000,
  verifierCacheMs: 900_000,
  stalenessMs: 300_000,
  longestTokenLifeMs: 3_600_000,
  bothForMs: 300_000,
  scopeKinds: ['platform'],
};

describe('N-10: when a close is safe', () => {
  const switchedAt = new Date('2026-05-01T10:00:01Z');

  it('is a token life, a verifier cache, the relay lag and the clock skew after the switch', () => {
    expect(safeCloseAt({ switchedAt }, policy, DOMAIN)).toEqual(new Date('2026-05-01T11:20:31Z'));
  });

  it('is not known while the switch is under way', () => {
    expect(safeCloseAt({ switchedAt: null }, policy, DOMAIN)).toBeNull();
  });

  it('follows the sum that bring-up checks: a window just long enough for it ends when a close is safe', () => {
    const tight = { ...policy, overlapWindowMs: requiredOverlapMs(policy, DOMAIN) };
    expect(checkPolicy(tight)).toEqual([]);
    expect(safeCloseAt({ switchedAt }, tight, DOMAIN)?.getTime()).toBe(switchedAt.getTime() + tight.overlapWindowMs);
    expect(checkPolicy({ ...tight, overlapWindowMs: tight.overlapWindowMs - 1 })).toHaveLength(1);
  });
});
