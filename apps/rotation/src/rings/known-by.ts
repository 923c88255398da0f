import { knownFrom, type RingPolicy } from '@plexsphere/keyring';
import type { SigningKeyEntity } from '@plexsphere/store';
import { policyOf } from './read-ring';

/** The key that signs, as it is stored. */
type ActiveRow = Pick<SigningKeyEntity, 'scope' | 'stagedAt' | 'publishedAt' | 'stateSince' | 'createdAt'> & {
  /** The ring was born with it: whoever heard of the ring at all has heard of it. */
  isFirst: boolean;
};

/**
 * Until when verifiers may not know the key that signs, for whoever did not read the answer to what made it sign; null where
 * all of them know it. A key that never was staged is served since it came in, one that signed before it was known to be
 * served since it signs.
 */
export function knownBy(
  { scope, stagedAt, publishedAt, stateSince, createdAt, isFirst }: ActiveRow,
  now: Date,
  policy: RingPolicy,
): Date | null {
  if (isFirst) return null;
  const since = stagedAt === null ? createdAt : stateSince;
  return knownFrom({ publishedAt, since }, now, policy, policyOf(scope));
}
