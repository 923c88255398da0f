import { requiredOverlapMs, type Policy } from './policy';
import type { ScopePolicy } from './scope-policy';

/**
 * From when on no verifier can still need the old key: what it signed last has gone stale, and whoever keeps keys has
 * asked anew. The sum that bring-up checks the overlap window by, counted from the switch, after which the old key signs
 * nothing; null while that is under way.
 */
export const safeCloseAt = (
  { switchedAt }: { readonly switchedAt: Date | null },
  policy: Policy,
  scopePolicy: ScopePolicy,
): Date | null =>
  switchedAt === null ? null : new Date(switchedAt.getTime() + requiredOverlapMs(policy, scopePolicy));
