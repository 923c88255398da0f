/** `stream_ready`: what the signing plane says, signed, about where this Node's stream goes on. */
import { isEventIdOf, isHelloId, isUuid, type Envelope, type StreamReady, type TrustedKey } from '@plexsphere/wire';
import { KeyChangeError } from './key-change';
import { isCount, isEpoch, read } from './key-payload';
import type { TrustState } from './trust-state';

/**
 * Undefined where it is another Node's. By the active key alone: an outgoing one may have leaked, and verifies for what is
 * under way and for nothing else. Throws KeyChangeError `malformed` or `unknown_key`.
 */
export function readReady(
  state: TrustState,
  { eventId, payload }: Envelope,
  verifiedBy: TrustedKey,
): StreamReady | undefined {
  if (verifiedBy.keyId !== state.ring.activeKeyId) throw new KeyChangeError('unknown_key');
  const ready = read<StreamReady>(payload, {
    node_id: isUuid,
    hello_id: isHelloId,
    epoch: isEpoch,
    platform_epoch: isEpoch,
    resumes_after: isCount,
    last_position: isCount,
  });
  return ready.node_id === state.nodeId && isEventIdOf(state.nodeId, eventId) ? ready : undefined;
}

/**
 * How far the Node is. Behind where the stream resumes, what lies between is settled: expired, or applied before this
 * Node lost its store. Between there and the last event, it has applied what nobody has noted yet. Beyond the last event
 * nobody can be: that number was signed for a thief, or the database was restored, and the ids tell what was applied.
 */
export const positionAfter = (position: number, { resumes_after, last_position }: StreamReady): number =>
  position < resumes_after || position > last_position ? resumes_after : position;
