/** Whether an envelope may be acted on. Pure and synchronous but for the nonces: state and clock are arguments. */
import {
  EnvelopeError,
  isUuid,
  MAX_LINE_BYTES,
  parseEnvelope,
  verifyEnvelope,
  type Envelope,
  type EnvelopeRefusal,
  type NonceMemory,
  type TrustedKey,
} from '@plexsphere/wire';
import type { TrustState } from './trust-state';

export type Verdict = { kind: 'verified'; key: TrustedKey } | { kind: 'refused'; reason: EnvelopeRefusal };

export type Decision =
  | { kind: 'apply'; key: TrustedKey }
  /** Signed as it should be, and applied already. */
  | { kind: 'duplicate' }
  | Extract<Verdict, { kind: 'refused' }>;

/** Undefined for what is none. Nobody sends a longer one than any Node reads, so its length is looked at first. */
export function readEnvelope(text: string): Envelope | undefined {
  if (text.length > MAX_LINE_BYTES) return undefined;
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}

/** Verified first, also what was applied already: that it came counts, and nothing that is not signed may count. */
export function decisionOn(state: TrustState, envelope: Envelope, now: Date, nonces: NonceMemory): Decision {
  const verdict = verdictOn(state, envelope, now, nonces);
  if (verdict.kind === 'refused') return verdict;
  return state.applied.has(envelope.eventId) ? { kind: 'duplicate' } : { kind: 'apply', key: verdict.key };
}

/** Of what is told apart by other means than its event id. */
export function verdictOn(state: TrustState, envelope: Envelope, now: Date, nonces: NonceMemory): Verdict {
  if (isForAnotherNode(envelope.eventId, state.nodeId)) return { kind: 'refused', reason: 'other_recipient' };
  try {
    return { kind: 'verified', key: verifyEnvelope(envelope, state.ring.keys, now, nonces) };
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
