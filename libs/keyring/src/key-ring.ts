import { isTrusted, type KeyState, mayBecome } from './key-state';
import { invariantViolation, Refusal } from './refusal';
import { isOpen, type OpenTransition, type Transition } from './transition';

export interface Key {
  readonly keyId: string;
  readonly state: KeyState;
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
}

export interface CloseRotation {
  readonly oldKeyId: string;
  readonly newKeyId: string;
}

export function createRing(scope: string, keyId: string): KeyRing {
  if (scope === '') throw invariantViolation('scope');
  if (keyId === '') throw invariantViolation('key_id');
  return { scope, epoch: 1, trustEpoch: 1, keys: [{ keyId, state: 'active' }] };
}

/** The key that signs. @throws Refusal `invariant_violation` where the ring has none, or more than one */
export function activeKey(ring: Pick<KeyRing, 'keys'>): Key {
  const [active, ...others] = ring.keys.filter((key) => key.state === 'active');
  if (active === undefined || others.length > 0) throw invariantViolation('keys');
  return active;
}

/** Whether a ring at `ringEpoch` is older than what somebody has already seen: a restored or lagging source. */
export const epochWentBack = (ringEpoch: number, seenEpoch: number): boolean => seenEpoch > ringEpoch;

/**
 * Makes the new key sign and leaves the old one to verify. `transition` is the scope's latest, or null before the first.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_in_progress`, `key_id_in_use`. Two who race with the
 * same key id thus both learn that a rotation is in progress, not that their key id is taken.
 */
export function openRotation(ring: KeyRing, transition: Transition | null, command: OpenRotation): RingChange {
  const closesAt = closingTime(command);
  if (command.newKeyId === '') throw invariantViolation('new_key_id');
  refuseForeign(ring, transition);
  if (isOpen(transition)) throw new Refusal('rotation_in_progress', membersOf(transition));
  if (holds(ring, command.newKeyId)) throw new Refusal('key_id_in_use', { new_key_id: command.newKeyId });

  const old = soleTrustedKey(ring);
  const epoch = ring.epoch + 1;
  const keys = withState(ring.keys, old.keyId, 'retiring').concat({ keyId: command.newKeyId, state: 'active' });
  return {
    ring: { ...ring, epoch, trustEpoch: epoch, keys },
    transition: {
      scope: ring.scope,
      oldKeyId: old.keyId,
      newKeyId: command.newKeyId,
      openedAt: command.openedAt,
      closesAt,
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
    ring: { ...ring, epoch: ring.epoch + 1, keys: withState(ring.keys, oldKeyId, 'retired') },
    transition: { ...transition, outcome: 'closed' },
  };
}

function closingTime({ openedAt, overlapWindowMs }: OpenRotation): Date {
  if (!Number.isSafeInteger(overlapWindowMs) || overlapWindowMs <= 0) throw invariantViolation('overlap_window');
  const closesAt = new Date(openedAt.getTime() + overlapWindowMs);
  if (Number.isNaN(closesAt.getTime())) throw invariantViolation('opened_at');
  return closesAt;
}

function refuseForeign(ring: KeyRing, transition: Transition | null): void {
  if (transition !== null && transition.scope !== ring.scope) throw invariantViolation('scope');
}

const holds = (ring: KeyRing, keyId: string): boolean => ring.keys.some((key) => key.keyId === keyId);

/** A Node has room for two keys, so a third must not come in while a second one is still staged or retiring. */
function soleTrustedKey(ring: KeyRing): Key {
  if (ring.keys.filter((key) => isTrusted(key.state)).length > 1) throw invariantViolation('keys');
  return activeKey(ring);
}

function withState(keys: readonly Key[], keyId: string, state: KeyState): Key[] {
  const from = keys.find((key) => key.keyId === keyId)?.state;
  if (from === undefined || !mayBecome(from, state)) throw invariantViolation('keys');
  return keys.map((key) => (key.keyId === keyId ? { ...key, state } : key));
}

const membersOf = (transition: OpenTransition): Record<string, string> => ({
  old_key_id: transition.oldKeyId,
  new_key_id: transition.newKeyId,
  opened_at: transition.openedAt.toISOString(),
  closes_at: transition.closesAt.toISOString(),
});
