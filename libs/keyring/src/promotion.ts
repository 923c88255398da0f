import { type Key, type KeyRing, stagedKey } from './key-ring';
import type { Promotion } from './next-step';
import type { Progress } from './progress';
import { invariantViolation, Refusal } from './refusal';
import { isPastRotateBy } from './stage';

export interface AskPromotion {
  /** Of the staged key. */
  readonly keyId: string;
  readonly percent: number;
  readonly at: Date;
  /** null: as long as there is, at most `atMostMs`. */
  readonly deadline: Date | null;
  readonly atMostMs: number;
}

/**
 * Has a staged key signed by once enough Nodes have it. Past the deadline nothing is switched, so it lies before the key
 * itself has to be rotated to.
 *
 * @throws Refusal in this order: `key_not_staged`, `staged_key_expired`, `invariant_violation`
 */
export function askedPromotion(
  ring: KeyRing,
  { keyId, percent, at, deadline, atMostMs }: AskPromotion,
  { enrolled }: Pick<Progress, 'enrolled'>,
): Promotion & { readonly key: Key } {
  const key = stagedKey(ring);
  if (key === undefined || key.keyId !== keyId || key.rotateBy === null) throw new Refusal('key_not_staged', { keyId });
  const { rotateBy } = key;
  if (isPastRotateBy(key, at)) throw new Refusal('staged_key_expired', { keyId, rotateBy });
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) throw invariantViolation('percent');
  // Nobody could ever apply it.
  if (enrolled === 0) throw invariantViolation('scope');
  const latest = new Date(Math.min(at.getTime() + atMostMs, rotateBy.getTime()));
  if (deadline !== null && !(at < deadline && deadline <= rotateBy)) throw invariantViolation('deadline');
  return { key, keyId, percent, deadline: deadline ?? latest };
}

/** How many of the Nodes that were ever seen have to have applied. */
export const neededNodes = ({ enrolled, pending }: Pick<Progress, 'enrolled' | 'pending'>, percent: number): number =>
  Math.ceil(((enrolled - pending.count) * percent) / 100);
