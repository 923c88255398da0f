/** `channel_keys_changed`, after its envelope was verified: whose word it is, and what comes of that. */
import { isEventIdOf, type Envelope, type TrustedKey } from '@plexsphere/wire';
import { activeKeyOf, isSameKey } from '@plexsphere/wire/jws';
import type { TrustState } from '../trust/trust-state';
import type { KeysOutcome } from './take-keys';

/**
 * What is not by the platform's active key is `unsaid`, and comes again, signed now: nothing is known of what it says, so
 * nobody acknowledges it. What is by that key is acknowledged also where it is refused: the same plane would build the same
 * text again, and whatever waits behind it would never come. That it was refused shows in the counts, in the member's
 * reports, and in the epoch that those go on naming; the ring's next change, or a resync, tells it anew. Such a text is not
 * told apart by its event id, which counts nothing, but by the epoch of its ring, which goes up.
 */
export function hearKeys(
  { nodeId, platform }: TrustState,
  { eventId, payload }: Envelope,
  verifiedBy: TrustedKey,
  take: (payload: string) => KeysOutcome,
): KeysOutcome | { kind: 'unsaid'; reason: 'unknown_key' } {
  // An outgoing key may have leaked: it gives nobody a secret.
  if (!isSameKey(verifiedBy, activeKeyOf(platform))) return { kind: 'unsaid', reason: 'unknown_key' };
  return isEventIdOf(nodeId, eventId) ? take(payload) : { kind: 'refused', reason: 'other_names' };
}
