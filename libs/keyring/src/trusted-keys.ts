import type { Key, KeyRing } from './key-ring';
import { isTrusted } from './key-state';
import { type Policy, transitionExpires } from './policy';
import { invariantViolation } from './refusal';
import type { Transition } from './transition';

/** A key that a verifier should hold; it verifies strictly before `notAfter`, and without end where that is null. */
export interface TrustedKeyId {
  readonly keyId: string;
  readonly notAfter: Date | null;
}

/**
 * What a verifier should trust now, newest first. `transition` is the scope's latest.
 *
 * @throws Refusal `invariant_violation` where a key is retiring by no transition: it must not be trusted without end
 */
export function trustedKeys(
  ring: Pick<KeyRing, 'keys'>,
  transition: Transition | null,
  policy: Pick<Policy, 'clockSkewMs'>,
): TrustedKeyId[] {
  return ring.keys
    .filter((key) => isTrusted(key.state))
    .map((key) => ({ keyId: key.keyId, notAfter: notAfter(key, transition, policy) }))
    .reverse();
}

function notAfter(key: Key, transition: Transition | null, policy: Pick<Policy, 'clockSkewMs'>): Date | null {
  if (key.state !== 'retiring') return null;
  if (transition === null || key.keyId !== transition.oldKeyId) throw invariantViolation('transition');
  return transitionExpires(transition.closesAt, policy);
}
