import type { KeyRing } from '../key-ring';
import { type RingChange, changed, refuseForeign } from '../ring-change';
import type { Transition } from '../transition';

/**
 * Somebody joined the ring, or left it: who its members are is part of the ring as signers take it. The keys stay, so no
 * member waits for it.
 *
 * @throws Refusal `invariant_violation`
 */
export function changeMembers(ring: KeyRing, transition: Transition | null): RingChange {
  refuseForeign(ring, transition);
  return changed(ring, 'members', { keys: ring.keys, transition });
}
