import type { GoRing } from './go-ring';
import type { GoNode } from './go-node';
import { judgeLastEventId, type PresentedId } from './last-event-id';
import { mayAnnounce } from './may-announce';

/** What becomes of a stream that is opened. */
export type Opening =
  /** Nothing is sent on it until a state was taken. `tells`: the record does not say so yet. */
  | { readonly kind: 'waits'; readonly tells: boolean }
  /** Nothing is to be said, nothing is written. */
  | { readonly kind: 'silent'; readonly epoch: number }
  /** The relay is told what the Node holds; `asks`: and answers, since something may have been lost. */
  | {
      readonly kind: 'word';
      readonly epoch: number;
      readonly isProven: boolean;
      readonly position: number | null;
      readonly asks: boolean;
    };

/**
 * The Node's row must be read after its subject is heard: what is published from then on reaches the stream, and what was
 * before is on record.
 */
export function openStream(presented: PresentedId | null, node: GoNode, ring: GoRing, now: Date): Opening {
  const judged = judgeLastEventId(presented, node, ring, now);
  if (judged.kind === 'absent') return { kind: 'waits', tells: !node.waits };
  const position = judged.kind === 'counts' ? judged.position : null;
  const isReadyRead = position !== null && node.ready !== null && position >= node.ready.position;
  const epoch = isReadyRead ? node.ready.epoch : node.settledEpoch;
  if (mustWait(epoch, ring, now)) return { kind: 'waits', tells: !node.waits };
  // A relay has found that nobody announces by the key that it holds, which looks as if it could.
  if (node.waits && epoch !== ring.trustEpoch) return { kind: 'waits', tells: false };
  const isPresent = epoch === ring.trustEpoch && !node.waits;
  if (isPresent && position === null && !node.hasUnsettled) return { kind: 'silent', epoch };
  // It has taken all that it was sent, to the last position that was given: that is recorded, and its next opening is silent.
  const asks = !(isPresent && position === node.lastPosition);
  return { kind: 'word', epoch, isProven: isReadyRead, position, asks };
}

/** Whether what a Node holds can be brought to where the ring is by a state alone. */
export const mustWait = (epoch: number, ring: GoRing, now: Date): boolean =>
  epoch !== ring.trustEpoch && !mayAnnounce(epoch, ring, now);
