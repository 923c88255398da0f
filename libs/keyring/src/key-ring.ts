import type { KeyState } from './key-state';
import { invariantViolation } from './refusal';

export interface Key {
  readonly keyId: string;
  readonly state: KeyState;
  /** When a retiring or staged key verifies no more; null where no end is known. */
  readonly verifiesUntil: Date | null;
  /** When it was staged, if ever it was; and until when it could then be rotated to. */
  readonly stagedAt: Date | null;
  readonly rotateBy: Date | null;
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

export function createRing(scope: string, keyId: string): KeyRing {
  if (scope === '') throw invariantViolation('scope');
  if (keyId === '') throw invariantViolation('keyId');
  const key: Key = { keyId, state: 'active', verifiesUntil: null, stagedAt: null, rotateBy: null };
  return { scope, epoch: 1, trustEpoch: 1, keys: [key] };
}

/** The key that signs. @throws Refusal `invariant_violation` where the ring has none, or more than one */
export function activeKey<K extends Pick<Key, 'state'>>({ keys }: { keys: readonly K[] }): K {
  const [active, ...others] = keys.filter((key) => key.state === 'active');
  if (active === undefined || others.length > 0) throw invariantViolation('keys');
  return active;
}

/** The key that is published and does not sign yet. A ring has one of them at most. */
export const stagedKey = <K extends Pick<Key, 'state'>>({ keys }: { keys: readonly K[] }): K | undefined =>
  keys.find(({ state }) => state === 'staged');

/** Whether a ring at `ringEpoch` is older than what somebody has already seen: a restored or lagging source. */
export const epochWentBack = (ringEpoch: number, seenEpoch: number): boolean => seenEpoch > ringEpoch;
