/** `stream_ready`: what the signing plane says, signed, about where this Node's stream goes on. */
import { isEventIdOf, type Envelope, type StreamReady, type TrustedKey } from '@plexsphere/wire';
import { KeyChangeError } from './key-change';
import { readReady } from './key-payload';
import type { RefusalReason } from '../node-observer';
import type { TrustState } from './trust-state';

/**
 * What it says, or why it is refused. By the active key alone: an outgoing one may have leaked, and verifies for what is
 * under way and for nothing else.
 */
export function takeReady(
  state: TrustState,
  { eventId, payload }: Envelope,
  verifiedBy: TrustedKey,
): StreamReady | RefusalReason {
  if (verifiedBy.keyId !== state.ring.activeKeyId) return 'unknown_key';
  try {
    const ready = readReady(payload);
    return ready.node_id === state.nodeId && isEventIdOf(state.nodeId, eventId) ? ready : 'other_recipient';
  } catch (error) {
    if (error instanceof KeyChangeError) return error.code;
    throw error;
  }
}

/**
 * How far the Node is. Behind where the stream resumes, what lies between is settled: expired, or applied before this
 * Node lost its store. Between there and the last event, it has applied what nobody has noted yet. Beyond the last event
 * nobody can be: that number was signed for a thief, or the database was restored, and the ids tell what was applied.
 */
export const positionAfter = (position: number, { resumes_after, last_position }: StreamReady): number =>
  position < resumes_after || position > last_position ? resumes_after : position;
