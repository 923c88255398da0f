import { type Key, type KeyRing, activeKey, stagedKey } from './key-ring';
import { transitionExpires } from './policy';
import { invariantViolation, Refusal } from './refusal';
import {
  type RingChange,
  changed,
  later,
  membersOf,
  newKey,
  refuseForeign,
  refuseUnderWay,
  refuseUsed,
  withState,
} from './ring-change';
import type { ScopePolicy } from './scope-policy';
import { isPastRotateBy, propagatedAt, refuseStaged } from './stage';
import { isOpen, type OpenTransition, type Transition } from './transition';
import { heldKeys } from './trusted-keys';

export interface OpenRotation {
  /** Of a new key, or of the one that is staged. */
  readonly newKeyId: string;
  readonly openedAt: Date;
  readonly overlapWindowMs: number;
  readonly clockSkewMs: number;
  readonly propagationDelayMs: number;
  /** Has a staged key sign that not every verifier may hold yet. */
  readonly force?: boolean;
}

/** Which transition is meant: so that nobody ends another than the one that was looked at. */
export interface NamedTransition {
  readonly oldKeyId: string;
  readonly newKeyId: string;
}

/**
 * Makes the new key sign and leaves the old one to verify until the transition expires. `transition` is the scope's
 * latest, or null before the first.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_in_progress`, `rollback_settling`,
 * `another_key_is_staged`; of a staged key `staged_key_expired`, `not_propagated_yet`, of any other `key_id_in_use`. Two
 * who race with the same key id thus both learn that a rotation is in progress, not that their key id is taken.
 */
export function openRotation(
  ring: KeyRing,
  transition: Transition | null,
  command: OpenRotation,
  policy: ScopePolicy,
): RingChange<OpenTransition> {
  const { newKeyId, openedAt, clockSkewMs } = command;
  const longest = closingTime(command);
  if (newKeyId === '') throw invariantViolation('newKeyId');
  refuseForeign(ring, transition);
  refuseUnderWay(ring, transition);
  refuseStaged(ring, newKeyId);
  const staged = stagedKey(ring);
  if (staged === undefined) refuseNewcomer(ring, newKeyId, policy);
  else refuseTooSoonOrLate(staged, command);

  const old = activeKey(ring);
  // What was announced with the staged key was announced for the old one as well: no later than that.
  const latest = staged?.verifiesUntil?.getTime() ?? Infinity;
  const closesAt = new Date(Math.min(longest.getTime(), latest - clockSkewMs));
  if (closesAt <= openedAt) throw invariantViolation('overlapWindow');
  const expires = transitionExpires(closesAt, command);
  const retiring = withState(ring.keys, old.keyId, 'retiring', expires);
  return changed(ring, 'rotate', {
    keys: staged === undefined ? [...retiring, newKey(newKeyId, 'active')] : withState(retiring, newKeyId, 'active'),
    transition: {
      ...{ scope: ring.scope, oldKeyId: old.keyId, newKeyId },
      ...{ openedAt, closesAt, transitionExpires: expires, outcome: null },
    },
    statement: {
      ...{ oldKeyId: old.keyId, newKeyId, introduces: staged === undefined },
      ...{ closesAt, transitionExpires: expires },
    },
  });
}

/**
 * Retires the old key. The trust epoch stays: a Node that never hears of it drops the key by itself at
 * `transition_expires`. Whether Nodes may be left behind is `closeGate`'s question, not this one's.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`
 */
export function closeRotation(
  ring: KeyRing,
  transition: Transition | null,
  named: NamedTransition,
): RingChange<Transition> {
  const open = openTransition(ring, transition, named);
  return changed(ring, 'close', {
    keys: withState(ring.keys, open.oldKeyId, 'retired'),
    transition: { ...open, outcome: 'closed' },
    gone: [open.oldKeyId],
  });
}

/** @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch` */
export function openTransition(
  ring: KeyRing,
  transition: Transition | null,
  { oldKeyId, newKeyId }: NamedTransition,
): OpenTransition {
  refuseForeign(ring, transition);
  if (!isOpen(transition)) throw new Refusal('no_open_rotation');
  if (oldKeyId !== transition.oldKeyId || newKeyId !== transition.newKeyId) {
    throw new Refusal('transition_mismatch', membersOf(transition));
  }
  if (activeKey(ring).keyId !== newKeyId) throw invariantViolation('keys');
  return transition;
}

function refuseNewcomer(ring: KeyRing, newKeyId: string, policy: ScopePolicy): void {
  refuseUsed(ring, newKeyId);
  // Where a key has to be known before it signs, it cannot come in as the one that signs.
  if (policy.newKey === 'is_staged_first') throw invariantViolation('newKeyId');
  if (heldKeys(ring.keys, policy).length >= policy.mostTrusted) throw invariantViolation('keys');
}

function refuseTooSoonOrLate(staged: Key, command: OpenRotation): void {
  const { openedAt, force = false } = command;
  const { keyId, rotateBy } = staged;
  if (isPastRotateBy(staged, openedAt)) throw new Refusal('staged_key_expired', { keyId, rotateBy });
  const holdsFrom = propagatedAt(staged, command);
  if (!force && !(holdsFrom <= openedAt)) throw new Refusal('not_propagated_yet', { keyId, propagatedAt: holdsFrom });
}

function closingTime({ openedAt, overlapWindowMs, clockSkewMs }: OpenRotation): Date {
  if (!Number.isSafeInteger(clockSkewMs) || clockSkewMs < 0) throw invariantViolation('clockSkew');
  if (!Number.isSafeInteger(overlapWindowMs) || overlapWindowMs <= 0) throw invariantViolation('overlapWindow');
  return later(openedAt, overlapWindowMs, 'openedAt');
}
