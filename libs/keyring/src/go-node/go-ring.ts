import type { Key } from '../key-ring';

/** One change of trust, as Nodes are told of it: two keys and an end, whatever kind of change it was. */
export interface TrustChange {
  readonly epoch: number;
  /** The key that is active after it. */
  readonly activeKeyId: string;
  /** What the announcement names as `previous`, and until when a Node verifies by that; null where it names one key alone. */
  readonly previousKeyId: string | null;
  readonly previousUntil: Date | null;
}

/** A ring, as it bears on Nodes that read no statement. */
export interface GoRing {
  readonly trustEpoch: number;
  /** Those that are staged, active or retiring. */
  readonly keys: readonly Pick<Key, 'keyId' | 'state' | 'verifiesUntil'>[];
  /** The latest changes of trust, oldest first, at most TRUST_CHANGES: whoever holds an earlier epoch takes a state. */
  readonly changes: readonly TrustChange[];
}

/** So that no question about a Node costs more, however often its ring has changed. */
export const TRUST_CHANGES = 16;

/** The change that a Node at this epoch was told of last; undefined where it is too long ago. */
export const changeAt = ({ changes }: GoRing, epoch: number): TrustChange | undefined =>
  changes.findLast((change) => change.epoch <= epoch);
