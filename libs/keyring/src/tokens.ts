import type { Key } from './key-ring';
import type { Policy } from './policy';
import { invariantViolation } from './refusal';
import { isOpen, type Transition } from './transition';

/**
 * How long a key that signs tokens has to verify after it has signed its last, and what keeps it from being put away. A
 * key that signs none has no ceiling, and nothing here concerns it.
 */

/** Of a ring whose keys sign tokens: how long one may live that is signed from now on, and how long signers hold a lease. */
export interface TokenTerms extends Pick<Policy, 'leaseMs'> {
  readonly longestTokenMs: number;
}

/** The greatest ceiling that was in force since it first signed stays with a key: tokens of then may still live. */
export const underCeiling = (key: Key, tokens: TokenTerms | undefined): Key =>
  tokens === undefined ? key : { ...key, longestTokenMs: Math.max(key.longestTokenMs ?? 0, tokens.longestTokenMs) };

/**
 * By when all tokens by a key are over that signs no more from a commit on, whatever signers wrote down: whoever had not
 * heard of it signed under its lease, and by a clock that is off by the skew at most. null of a key that signs none.
 */
export function tokensOverBy(
  { longestTokenMs }: Pick<Key, 'longestTokenMs'>,
  committedAt: Date,
  tokens: TokenTerms | undefined,
  { clockSkewMs }: Pick<Policy, 'clockSkewMs'>,
): Date | null {
  if (longestTokenMs === null) return null;
  if (tokens === undefined) throw invariantViolation('keys');
  return new Date(committedAt.getTime() + tokens.leaseMs + longestTokenMs + clockSkewMs);
}

/**
 * When the last token ends of a key that signs no more, now that the switch has left nobody who does. `horizon`: the latest
 * end that signers wrote down before they signed; null where they never did; undefined where none answered.
 */
export function lastTokenEnds(
  { longestTokenMs }: Pick<Key, 'longestTokenMs'>,
  horizon: Date | null | undefined,
  switchedAt: Date,
): Date {
  if (longestTokenMs === null) throw invariantViolation('keys');
  return horizon === undefined ? new Date(switchedAt.getTime() + longestTokenMs) : (horizon ?? switchedAt);
}

/** Until when such a key verifies: its window, where a rotation from it is open, and its tokens. Never longer than was promised. */
export function verifiesTokensUntil(
  { keyId, verifiesUntil, tokensUntil }: Key,
  transition: Transition | null,
  { clockSkewMs }: Pick<Policy, 'clockSkewMs'>,
): Date {
  if (verifiesUntil === null || tokensUntil === null) throw invariantViolation('keys');
  const closesMs = isOpen(transition) && transition.oldKeyId === keyId ? transition.closesAt.getTime() : -Infinity;
  const neededMs = Math.max(closesMs, tokensUntil.getTime()) + clockSkewMs;
  return new Date(Math.min(verifiesUntil.getTime(), neededMs));
}

/**
 * When a verifier with the slowest clock has seen the last token of a key end. undefined of a key that signs none; null
 * where it is not known, since the switch is not recorded.
 */
export const tokensOverAt = (
  { longestTokenMs, tokensUntil }: Pick<Key, 'longestTokenMs' | 'tokensUntil'>,
  { clockSkewMs }: Pick<Policy, 'clockSkewMs'>,
): Date | null | undefined =>
  longestTokenMs === null ? undefined : tokensUntil && new Date(tokensUntil.getTime() + clockSkewMs);
