import { FORKED } from './key-news';

/** What a Node says of a ring, and which of the ring's statements its head is. */
interface SaidOfRing {
  readonly epoch: number;
  /** The epoch of that statement; null where the head stands nowhere in our chain. */
  readonly headEpoch: number | null;
  /** The epoch of the statement after it; null where it is the ring's last. */
  readonly nextEpoch: number | null;
}

/** What it counts as. */
export interface Standing {
  /** FORKED where it follows another chain, whatever epoch is said beside it. */
  readonly epoch: number;
  /** Whether what it says beside a head of ours is more than the ring has: shown and counted, and it stops nothing. */
  readonly isBeyond: boolean;
  /** Whether what it says beside a head of ours is not what it counts as: a bundle has to put that right. */
  readonly isWrong: boolean;
}

/**
 * The head says where a Node is; the number beside it only how much of what has no statement it has heard of. So it counts
 * as no less than that head's epoch, and as less than the next one's.
 */
export function standingAt({ epoch: said, headEpoch, nextEpoch }: SaidOfRing, ringEpoch: number): Standing {
  if (headEpoch === null) return { epoch: FORKED, isBeyond: false, isWrong: false };
  const latest = nextEpoch === null ? ringEpoch : nextEpoch - 1;
  const epoch = Math.min(Math.max(said, headEpoch), latest);
  return { epoch, isBeyond: said > ringEpoch, isWrong: said !== epoch };
}
