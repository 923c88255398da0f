import { type Key, type KeyRing, activeKey, newKey, stagedKey } from './key-ring';
import { stagedUntil } from './policy';
import { invariantViolation, Refusal } from './refusal';
import {
  type RingChange,
  changed,
  holdsPair,
  refuseForeign,
  refuseOpen,
  refuseSettling,
  refuseUsed,
  withState,
} from './ring-change';
import type { ScopePolicy } from './scope-policy';
import { isOpen, type Transition } from './transition';
import { heldKeys } from './trusted-keys';

/** How long a key must have been published before it may sign. */
interface Propagation {
  readonly propagationDelayMs: number;
}

export interface StageKey extends Propagation {
  readonly newKeyId: string;
  readonly stagedAt: Date;
  /** Until when it may be rotated to. */
  readonly rotateBy: Date;
  readonly overlapWindowMs: number;
  readonly clockSkewMs: number;
}

/**
 * Publishes a key before it signs. It verifies until whoever rotates to it in the last instant has closed: a verifier that
 * hears nothing more drops it then, or what it replaces.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_in_progress`, `rollback_settling`,
 * `another_key_is_staged`, `key_id_in_use`
 */
export function stageKey(
  ring: KeyRing,
  transition: Transition | null,
  command: StageKey,
  policy: ScopePolicy,
): RingChange {
  const { newKeyId, stagedAt, rotateBy } = command;
  const verifiesUntil = stagedUntil(rotateBy, command);
  if (newKeyId === '') throw invariantViolation('newKeyId');
  // There a rotation itself stages it, and takes it back.
  if (policy.newKey === 'is_proven_first') throw invariantViolation('scope');
  // One that could never sign without force.
  if (!(propagatedAt({ stagedAt, publishedAt: null }, command) < rotateBy)) throw invariantViolation('rotateBy');
  refuseForeign(ring, transition);
  if (holdsPair(policy)) refuseOpen(transition);
  refuseSettling(ring, transition, policy);
  refuseStaged(ring);
  refuseUsed(ring, newKeyId);
  if (heldKeys(ring.keys, policy).length >= policy.mostTrusted) throw invariantViolation('keys');
  return changed(ring, 'stage', {
    keys: [...ring.keys, { ...newKey(newKeyId, 'staged'), verifiesUntil, stagedAt, rotateBy }],
    transition,
    statement: {
      ...{ oldKeyId: activeKey(ring).keyId, newKeyId },
      ...{ introduces: true, transitionExpires: verifiesUntil },
    },
  });
}

/**
 * Takes a staged key back, whichever it is where none is named. Nothing was signed by it, so it goes at once, and nobody has
 * to be waited for.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_in_progress`, `key_not_staged`
 */
export function unstageKey(
  ring: KeyRing,
  transition: Transition | null,
  named: Partial<Pick<Key, 'keyId'>>,
): RingChange {
  refuseForeign(ring, transition);
  const keyId = stagedKey(ring)?.keyId;
  // The one that an open rotation waits for goes by its rollback.
  if (isOpen(transition) && transition.newKeyId === keyId) refuseOpen(transition);
  if (keyId === undefined || keyId !== (named.keyId ?? keyId)) throw new Refusal('key_not_staged', named);
  return changed(ring, 'unstage', {
    keys: withState(ring.keys, keyId, 'retired'),
    transition,
    gone: [keyId],
    statement: { oldKeyId: keyId, newKeyId: activeKey(ring).keyId },
  });
}

/** Any other than the one that is staged. */
export function refuseStaged(ring: KeyRing, except?: string): void {
  const staged = stagedKey(ring);
  if (staged === undefined || staged.keyId === except) return;
  const { keyId, stagedAt, rotateBy } = staged;
  throw new Refusal('another_key_is_staged', { keyId, stagedAt, rotateBy });
}

/**
 * From when on every verifier holds a staged key that can be made to ask or be told in time: until everybody serves it, one
 * may still be handed keys without it. Where that is not recorded it is not before this.
 */
export const propagatedAt = (
  { publishedAt, stagedAt }: Pick<Key, 'stagedAt' | 'publishedAt'>,
  { propagationDelayMs }: Propagation,
): Date => new Date(((publishedAt ?? stagedAt)?.getTime() ?? NaN) + propagationDelayMs);

/**
 * From when on every verifier knows a key that signs, where those ask when they like; null where all know it `at` that time,
 * or are told of a key before anything by it arrives. `since`: when it was first served at the earliest, where that is not
 * recorded.
 */
export function knownFrom(
  { publishedAt, since }: Pick<Key, 'publishedAt'> & { readonly since: Date },
  at: Date,
  propagation: Propagation,
  { newKey: comesIn }: Pick<ScopePolicy, 'newKey'>,
): Date | null {
  if (comesIn !== 'is_staged_first') return null;
  const from = propagatedAt({ publishedAt, stagedAt: since }, propagation);
  return from <= at ? null : from;
}

/** Strictly before `rotateBy`, as everything that ends. */
export const isPastRotateBy = ({ rotateBy }: Pick<Key, 'rotateBy'>, now: Date): boolean =>
  rotateBy !== null && now >= rotateBy;
