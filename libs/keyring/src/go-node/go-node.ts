/**
 * A Node that cannot acknowledge: it holds two keys, reads envelopes and states, and of its own accord says only the last
 * id that it has read, and that it has worked a state in (`drift`). What is on record of it.
 */
export interface GoNode {
  /** What it holds, as far as that is proven. */
  readonly settledEpoch: number;
  /** The last epoch that was announced on its stream; after a word, what that named. */
  readonly toldEpoch: number;
  /** What the last word named, and each epoch that was announced since, in order: their keys signed what is not settled. */
  readonly toldSince: readonly number[];
  /** All up to here is settled. */
  readonly settledPosition: number;
  /** The last position that was given, to an event or to a `stream_ready`. */
  readonly lastPosition: number;
  /** The last `stream_ready` that was sent. */
  readonly ready: { readonly epoch: number; readonly position: number } | null;
  /** The latest word's stream; and whether a `stream_ready` is still to answer it. */
  readonly helloId: string | null;
  readonly isHelloUnanswered: boolean;
  /** Whether an ordinary event is not settled, sent or not. */
  readonly hasUnsettled: boolean;
  /** Whether its stream waits for a state, and nothing is to be sent to it. From its registration on it does. */
  readonly waits: boolean;
  /** As of when the last word that was handled was read. */
  readonly wordAt: Instant | null;
}

/** A time of the database's, as text of one width (RFC 3339, UTC, six digits): it compares as it stands. */
export type Instant = string;

/** What a stream says of its Node. */
export interface StreamWord {
  /** The `stream_ready` that answers it names it; null: nothing is to be sent. */
  readonly helloId: string | null;
  /** What the Node holds. */
  readonly epoch: number;
  /** Then that is settled. */
  readonly isProven: boolean;
  /** The events up to here are settled; null: none but those that are. */
  readonly position: number | null;
  readonly waits: boolean;
  /** When its gateway read the Node's row as the stream was opened. */
  readonly readAt: Instant;
}
