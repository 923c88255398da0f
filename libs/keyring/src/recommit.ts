import { type KeyRing, activeKey } from './key-ring';
import { invariantViolation } from './refusal';
import { type RingChange, changed, refuseForeign } from './ring-change';
import type { ScopePolicy } from './scope-policy';
import type { Transition } from './transition';

/**
 * Commits to another key ahead, since the one before does not open. In any state of the ring; nothing that a Node trusts
 * changes.
 *
 * @throws Refusal `invariant_violation`
 */
export function recommitRing(ring: KeyRing, transition: Transition | null): RingChange {
  refuseForeign(ring, transition);
  const { keyId } = activeKey(ring);
  return changed(ring, 'recommit', {
    keys: ring.keys,
    transition,
    statement: { oldKeyId: keyId, newKeyId: keyId, bySuperior: true },
  });
}

/** Both are recovery keys, which stand in no ring. */
interface RecoverRing {
  readonly oldKeyId: string;
  readonly newKeyId: string;
}

/**
 * Another recovery key, told by the one ring that it vouches for. Nothing of the ring itself changes.
 *
 * @throws Refusal `invariant_violation`
 */
export function recoverRing(
  ring: KeyRing,
  transition: Transition | null,
  { oldKeyId, newKeyId }: RecoverRing,
  { superior }: Pick<ScopePolicy, 'superior'>,
): RingChange {
  refuseForeign(ring, transition);
  if (superior !== 'recovery_key') throw invariantViolation('scope');
  if (newKeyId === '' || newKeyId === oldKeyId) throw invariantViolation('newKeyId');
  return changed(ring, 'recovery', {
    keys: ring.keys,
    transition,
    statement: { oldKeyId, newKeyId, introduces: true, bySuperior: true },
  });
}
