import { type Key, type KeyRing, activeKey, newKey, stagedKey } from './key-ring';
import { transitionExpires } from './policy';
import { invariantViolation, Refusal } from './refusal';
import {
  type RingChange,
  changed,
  later,
  membersOf,
  refuseForeign,
  refuseOpen,
  refuseSettling,
  refuseUsed,
  withActive,
  withState,
} from './ring-change';
import type { ScopePolicy } from './scope-policy';
import { isPastRotateBy, propagatedAt, refuseStaged } from './stage';
import { tokensOverBy, type TokenTerms } from './tokens';
import { isOpen, type OpenTransition, type Transition } from './transition';
import { heldKeys } from './trusted-keys';

export interface OpenRotation {
  /** Of a new key, or of the one that is staged; without it the one that is staged, whatever it is called. */
  readonly newKeyId?: string | undefined;
  readonly openedAt: Date;
  readonly overlapWindowMs: number;
  readonly clockSkewMs: number;
  readonly propagationDelayMs: number;
  /** Has a staged key sign that not every verifier may hold yet. */
  readonly force?: boolean;
  /** The staged key is about to be taken back for one of another algorithm: force would bring in what nobody wants any more. */
  readonly isReplaced?: boolean;
  readonly tokens?: TokenTerms | undefined;
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
 * `another_key_is_staged`; of a staged key `staged_key_expired`, `not_propagated_yet`, of any other `key_id_in_use`,
 * `key_not_staged`. Two who race with the same key id thus both learn that a rotation is in progress, not that their key id
 * is taken.
 */
export function openRotation(
  ring: KeyRing,
  transition: Transition | null,
  command: OpenRotation,
  policy: ScopePolicy,
): RingChange<OpenTransition> {
  const { openedAt, clockSkewMs, tokens } = command;
  const longest = closingTime(command);
  if (command.newKeyId === '') throw invariantViolation('newKeyId');
  refuseForeign(ring, transition);
  refuseOpen(transition);
  refuseSettling(ring, transition, policy);
  const staged = stagedKey(ring);
  const newKeyId = command.newKeyId ?? staged?.keyId;
  if (newKeyId === undefined) throw new Refusal('key_not_staged');
  refuseStaged(ring, newKeyId);
  if (staged === undefined) refuseNewcomer(ring, newKeyId, policy);
  else refuseTooSoonOrLate(staged, command, policy);

  const old = activeKey(ring);
  // What was announced with the staged key was announced for the old one as well: no later than that.
  const latest = staged?.verifiesUntil?.getTime() ?? Infinity;
  const closesAt = new Date(Math.min(longest.getTime(), latest - clockSkewMs));
  if (closesAt <= openedAt) throw invariantViolation('overlapWindow');
  const expires = transitionExpires(closesAt, command);
  const retiring = withState(ring.keys, old.keyId, 'retiring', verifiesAfter(old, expires, command));
  return changed(ring, 'rotate', {
    keys:
      staged === undefined ? [...retiring, newKey(newKeyId, 'active', tokens)] : withActive(retiring, newKeyId, tokens),
    transition: {
      ...{ scope: ring.scope, oldKeyId: old.keyId, newKeyId },
      ...{ openedAt, activatedAt: openedAt, closesAt, transitionExpires: expires, outcome: null },
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
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`, `not_active_yet`
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

/** @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`, `not_active_yet` */
export function openTransition(ring: KeyRing, transition: Transition | null, named: NamedTransition): OpenTransition {
  const open = namedTransition(ring, transition, named);
  if (open.activatedAt === null) throw new Refusal('not_active_yet', membersOf(open));
  if (activeKey(ring).keyId !== open.newKeyId) throw invariantViolation('keys');
  return open;
}

/**
 * Whether its new key signs or not.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`
 */
export function namedTransition(
  ring: KeyRing,
  transition: Transition | null,
  { oldKeyId, newKeyId }: NamedTransition,
): OpenTransition {
  refuseForeign(ring, transition);
  if (!isOpen(transition)) throw new Refusal('no_open_rotation');
  if (oldKeyId !== transition.oldKeyId || newKeyId !== transition.newKeyId) {
    throw new Refusal('transition_mismatch', membersOf(transition));
  }
  return transition;
}

function refuseNewcomer(ring: KeyRing, newKeyId: string, policy: ScopePolicy): void {
  refuseUsed(ring, newKeyId);
  // Where a key has to be known before it signs, it cannot come in as the one that signs.
  if (policy.newKey !== 'signs_at_once') throw new Refusal('key_not_staged', { keyId: newKeyId });
  if (heldKeys(ring.keys, policy).length >= policy.mostTrusted) throw invariantViolation('keys');
}

/** Longer than its window, where tokens by it may live longer. */
function verifiesAfter(old: Key, windowEnds: Date, { openedAt, tokens, clockSkewMs }: OpenRotation): Date {
  const tokensOver = tokensOverBy(old, openedAt, tokens, { clockSkewMs });
  return tokensOver !== null && tokensOver > windowEnds ? tokensOver : windowEnds;
}

function refuseTooSoonOrLate(staged: Key, command: OpenRotation, { newKey: comesIn }: ScopePolicy): void {
  const { openedAt, force = false, isReplaced = false } = command;
  const { keyId, rotateBy, publishedAt } = staged;
  if (isPastRotateBy(staged, openedAt)) throw new Refusal('staged_key_expired', { keyId, rotateBy });
  // Before everybody serves it somebody may have been told that there is none, and nobody knows for how long they believe it.
  const isUnknown = comesIn === 'is_staged_first' && publishedAt === null;
  const holdsFrom = isUnknown || isReplaced ? null : propagatedAt(staged, command);
  if (holdsFrom === null || (!force && !(holdsFrom <= openedAt))) {
    const secondsLeft = holdsFrom && Math.ceil((holdsFrom.getTime() - openedAt.getTime()) / 1_000);
    throw new Refusal('not_propagated_yet', { keyId, propagatedAt: holdsFrom, secondsLeft });
  }
}

function closingTime({ openedAt, overlapWindowMs, clockSkewMs }: OpenRotation): Date {
  if (!Number.isSafeInteger(clockSkewMs) || clockSkewMs < 0) throw invariantViolation('clockSkew');
  if (!Number.isSafeInteger(overlapWindowMs) || overlapWindowMs <= 0) throw invariantViolation('overlapWindow');
  return later(openedAt, overlapWindowMs, 'openedAt');
}
