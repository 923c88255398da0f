import { type KeyState, mayBecome } from './key-state';
import { transitionExpires } from './policy';
import { invariantViolation, Refusal, type RefusalMembers } from './refusal';
import type { ScopePolicy } from './scope-policy';
import { isOpen, type OpenTransition, type Transition } from './transition';
import { heldKeys } from './trusted-keys';

export interface Key {
  readonly keyId: string;
  readonly state: KeyState;
  /** When a retiring key verifies no more; null where no end is known. */
  readonly verifiesUntil: Date | null;
}

/**
 * The keys of one scope, oldest first, those that are retired or revoked included: a key id that stood in the ring is
 * taken for ever. `epoch` rises by one at every change; `trustEpoch` is the last one that changed what a Node must hold.
 */
export interface KeyRing {
  readonly scope: string;
  readonly epoch: number;
  readonly trustEpoch: number;
  readonly keys: readonly Key[];
}

/** What a command makes of a ring. */
export interface RingChange {
  readonly ring: KeyRing;
  readonly transition: Transition;
}

export interface OpenRotation {
  readonly newKeyId: string;
  readonly openedAt: Date;
  readonly overlapWindowMs: number;
  readonly clockSkewMs: number;
}

export interface CloseRotation {
  readonly oldKeyId: string;
  readonly newKeyId: string;
}

export function createRing(scope: string, keyId: string): KeyRing {
  if (scope === '') throw invariantViolation('scope');
  if (keyId === '') throw invariantViolation('keyId');
  return { scope, epoch: 1, trustEpoch: 1, keys: [{ keyId, state: 'active', verifiesUntil: null }] };
}

/** The key that signs. @throws Refusal `invariant_violation` where the ring has none, or more than one */
export function activeKey<K extends Pick<Key, 'state'>>({ keys }: { keys: readonly K[] }): K {
  const [active, ...others] = keys.filter((key) => key.state === 'active');
  if (active === undefined || others.length > 0) throw invariantViolation('keys');
  return active;
}

/** Whether a ring at `ringEpoch` is older than what somebody has already seen: a restored or lagging source. */
export const epochWentBack = (ringEpoch: number, seenEpoch: number): boolean => seenEpoch > ringEpoch;

/**
 * Makes the new key sign and leaves the old one to verify until the transition expires. `transition` is the scope's
 * latest, or null before the first.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_in_progress`, `key_id_in_use`. Two who race with the
 * same key id thus both learn that a rotation is in progress, not that their key id is taken.
 */
export function openRotation(
  ring: KeyRing,
  transition: Transition | null,
  command: OpenRotation,
  policy: ScopePolicy,
): RingChange {
  const closesAt = closingTime(command);
  const { newKeyId, openedAt } = command;
  if (newKeyId === '') throw invariantViolation('newKeyId');
  refuseForeign(ring, transition);
  if (isOpen(transition)) throw new Refusal('rotation_in_progress', membersOf(transition));
  if (ring.keys.some(({ keyId }) => keyId === newKeyId)) throw new Refusal('key_id_in_use', { newKeyId });
  // Where a key has to be known before it signs, it cannot come in as the one that signs.
  if (policy.newKey === 'is_staged_first') throw invariantViolation('newKeyId');
  if (heldKeys(ring.keys, policy).length >= policy.mostTrusted) throw invariantViolation('keys');

  const old = activeKey(ring);
  const epoch = ring.epoch + 1;
  const expires = transitionExpires(closesAt, command);
  const keys = [
    ...withState(ring.keys, old.keyId, 'retiring', expires),
    { keyId: newKeyId, state: 'active', verifiesUntil: null } as const,
  ];
  return {
    ring: { ...ring, epoch, trustEpoch: epoch, keys },
    transition: {
      scope: ring.scope,
      oldKeyId: old.keyId,
      newKeyId,
      openedAt,
      closesAt,
      transitionExpires: expires,
      outcome: null,
    },
  };
}

/**
 * Retires the old key. The trust epoch stays: a Node that never hears of it drops the key by itself at
 * `transition_expires`. Whether Nodes may be left behind is `closeGate`'s question, not this one's.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`
 */
export function closeRotation(ring: KeyRing, transition: Transition | null, command: CloseRotation): RingChange {
  refuseForeign(ring, transition);
  if (!isOpen(transition)) throw new Refusal('no_open_rotation');
  const { oldKeyId, newKeyId } = transition;
  if (command.oldKeyId !== oldKeyId || command.newKeyId !== newKeyId) {
    throw new Refusal('transition_mismatch', membersOf(transition));
  }
  if (activeKey(ring).keyId !== newKeyId) throw invariantViolation('keys');
  return {
    ring: { ...ring, epoch: ring.epoch + 1, keys: withState(ring.keys, oldKeyId, 'retired', null) },
    transition: { ...transition, outcome: 'closed' },
  };
}

function closingTime({ openedAt, overlapWindowMs, clockSkewMs }: OpenRotation): Date {
  if (!Number.isSafeInteger(clockSkewMs) || clockSkewMs < 0) throw invariantViolation('clockSkew');
  if (!Number.isSafeInteger(overlapWindowMs) || overlapWindowMs <= 0) throw invariantViolation('overlapWindow');
  const closesAt = new Date(openedAt.getTime() + overlapWindowMs);
  if (Number.isNaN(closesAt.getTime())) throw invariantViolation('openedAt');
  return closesAt;
}

function refuseForeign(ring: KeyRing, transition: Transition | null): void {
  if (transition !== null && transition.scope !== ring.scope) throw invariantViolation('scope');
}

function withState(keys: readonly Key[], keyId: string, state: KeyState, verifiesUntil: Date | null): Key[] {
  const from = keys.find((key) => key.keyId === keyId)?.state;
  if (from === undefined || !mayBecome(from, state)) throw invariantViolation('keys');
  return keys.map((key) => (key.keyId === keyId ? { ...key, state, verifiesUntil } : key));
}

const membersOf = ({ oldKeyId, newKeyId, openedAt, closesAt }: OpenTransition): RefusalMembers => ({
  ...{ oldKeyId, newKeyId, openedAt, closesAt },
});
