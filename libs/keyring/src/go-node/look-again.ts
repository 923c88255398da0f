import type { GoNode } from './go-node';
import type { GoRing } from './go-ring';
import { mustWait } from './open-stream';
import type { GoStream } from './pass-message';

/** What a live stream finds in its Node's row. `word`: the relay is told anew what the Node holds. */
export type Found = 'mute' | 'waits' | 'word';

/** How long a word may be unanswered: then it is said again. */
export const ANSWERED_WITHIN_MS = 5_000;

/**
 * After something did not pass, a hole, or an answer that did not come. Where another stream of this Node has spoken since,
 * that is the Node's: two that spoke in turn would never end.
 */
export function lookAgain(stream: GoStream, node: GoNode, ring: GoRing, now: Date): Found {
  const isOwn = node.helloId !== null && stream.helloIds.includes(node.helloId);
  if (!isOwn && node.wordAt !== null && node.wordAt > stream.readAt) return 'mute';
  return mustWait(stream.epoch, ring, now) ? 'waits' : 'word';
}

/** On a change of the ring: whether the stream waits from now on. */
export const waitsFromNow = (stream: GoStream, ring: GoRing, now: Date): boolean =>
  stream.mode === 'live' && mustWait(stream.epoch, ring, now);
