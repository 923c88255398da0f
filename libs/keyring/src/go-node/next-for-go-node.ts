import type { GoNode } from './go-node';
import type { GoRing } from './go-ring';
import { announcer, mayAnnounce } from './may-announce';

/** What a Node that reads no statement is sent next. Announcements name where they lead from. */
export type NextForGoNode =
  | { readonly kind: 'none' }
  | { readonly kind: 'announce'; readonly keyId: string; readonly from: number; readonly epoch: number }
  | { readonly kind: 'ready'; readonly epoch: number }
  | { readonly kind: 'ordinary'; readonly epoch: number };

/**
 * News of keys, then a `stream_ready` at the Node's next position, whose id proves that the news was read, then ordinary
 * events. Where no key that it holds can announce, its stream waits for a state, and nothing is sent.
 */
export function nextForGoNode(
  node: Pick<GoNode, 'toldEpoch' | 'ready' | 'waits' | 'isHelloUnanswered'>,
  ring: GoRing,
  now: Date,
): NextForGoNode {
  const { toldEpoch: from, ready } = node;
  const { trustEpoch: epoch } = ring;
  if (node.waits || from > epoch) return { kind: 'none' };
  if (from < epoch) {
    const keyId = announcer(from, ring);
    const isDue = keyId !== undefined && mayAnnounce(from, ring, now);
    return isDue ? { kind: 'announce', keyId, from, epoch } : { kind: 'none' };
  }
  if (node.isHelloUnanswered || ready?.epoch !== epoch) return { kind: 'ready', epoch };
  return { kind: 'ordinary', epoch };
}
