/** Whether an envelope may be acted on. Pure and synchronous but for the nonces: state and clock are arguments. */
import {
  EnvelopeError,
  isUuid,
  verifyEnvelope,
  type Envelope,
  type EnvelopeRefusal,
  type NonceMemory,
  type TrustedKey,
} from '@plexsphere/wire';
import type { TrustState } from './trust-state';

export type Decision =
  { kind: 'apply'; key: TrustedKey } | { kind: 'duplicate' } | { kind: 'refused'; reason: EnvelopeRefusal };

/**
 * The event id comes first: what was applied is not applied again, and a repetition must neither count as an attack nor
 * use up a nonce.
 */
export function decide(state: TrustState, envelope: Envelope, now: Date, nonces: NonceMemory): Decision {
  if (state.appliedEventIds.includes(envelope.eventId)) return { kind: 'duplicate' };
  if (isForAnotherNode(envelope.eventId, state.nodeId)) return { kind: 'refused', reason: 'other_recipient' };
  try {
    return { kind: 'apply', key: verifyEnvelope(envelope, state.ring.keys, now, nonces) };
  } catch (error) {
    if (error instanceof EnvelopeError) return { kind: 'refused', reason: error.code };
    throw error;
  }
}

/** The envelope names no recipient, so the signed event id of an event for one Node does: `<node_id>/<uuid>`. */
function isForAnotherNode(eventId: string, nodeId: string): boolean {
  const [recipient, ...rest] = eventId.split('/');
  return rest.length > 0 && isUuid(recipient) && recipient !== nodeId;
}
