import type { GoRing } from './go-ring';
import type { GoNode } from './go-node';
import { mayAnnounce } from './may-announce';

/** A `Last-Event-ID`, and when the oldest envelope up to it was issued that is not settled; null: none stands at it. */
export interface PresentedId {
  readonly id: number;
  readonly issuedAt: Date | null;
}

/** What it proves. `absent`: nothing is known of what this process of the Node has read. */
export type JudgedId =
  | { readonly kind: 'absent' | 'settled' | 'uncounted' }
  /** It has taken everything up to here. */
  | { readonly kind: 'counts'; readonly position: number };

/**
 * A Node refuses what is five minutes old. A minute is for its clock; and news of keys may be a minute older than the
 * `stream_ready` behind them, since one text serves many Nodes for so long.
 */
const COUNTS_FOR_MS = 3 * 60_000;

/**
 * The Node moves its id before it verifies, so an id proves that bytes were read and not that they were taken. It counts
 * only where the Node cannot have refused them: the oldest envelope is fresh still, so each was when it was read; and every
 * key that signed anything up to it is verified for a minute more, so it was by the Node's clock, too. While a word is
 * unanswered what was sent is numbered anew.
 *
 * One that we cannot have given to this process is as good as none: it may hold the key of its registration day.
 */
export function judgeLastEventId(
  presented: PresentedId | null,
  node: Pick<GoNode, 'settledPosition' | 'lastPosition' | 'toldSince' | 'isHelloUnanswered'>,
  ring: GoRing,
  now: Date,
): JudgedId {
  if (presented === null) return { kind: 'absent' };
  const { id, issuedAt } = presented;
  if (id === 0 || id > node.lastPosition || id < node.settledPosition) return { kind: 'absent' };
  if (id === node.settledPosition) return { kind: 'settled' };
  const isFresh = issuedAt !== null && now.getTime() - issuedAt.getTime() < COUNTS_FOR_MS;
  const counts = isFresh && !node.isHelloUnanswered && node.toldSince.every((epoch) => mayAnnounce(epoch, ring, now));
  return counts ? { kind: 'counts', position: id } : { kind: 'uncounted' };
}
