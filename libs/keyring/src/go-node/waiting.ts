import type { Instant } from './go-node';
import type { GoStream } from './pass-message';
import type { StateForm } from './state-answer';

/** A state that was begun for a Node, by whichever gateway. */
export interface BegunState {
  readonly id: string;
  /** Not later than its request came, by the database's clock. */
  readonly begunAt: Instant;
  /** The trust epoch that it was answered by, and how it said its keys; null before the answer. */
  readonly answer: { readonly epoch: number; readonly form: StateForm } | null;
}

/** How long a waiting stream lasts: at random, else its 30 s beat misses the heartbeat's for ever. */
export const WAITS_MS = { least: 8_000, most: 16_000 } as const;

/** A state that was begun on it is let come to its drift. */
export const STATE_TAKES_MS = 3_000;

/**
 * Whether a `drift` proves that the Node holds what the state before it said, so that the stream need not wait any more.
 *
 * The state was asked for after the stream was opened, so nothing of an earlier one lies unread in a socket; nor is there a
 * key event in this one's, if it was live before. It said its keys, and the Node says that it has set them: a drift for
 * another reason (a peer came) sets none. `setsKeys`: what the drift says of that.
 */
export const driftProves = (
  stream: Pick<GoStream, 'mode' | 'hasTold' | 'openedAt'>,
  state: BegunState | undefined,
  setsKeys: boolean,
): boolean =>
  stream.mode === 'waits' &&
  !stream.hasTold &&
  setsKeys &&
  state !== undefined &&
  state.begunAt > stream.openedAt &&
  state.answer !== null &&
  state.answer.form !== 'left_out';

/** How long a Node must have had no stream, as far as anybody knows, for a drift to settle what it took without one. */
export const STREAMLESS_MS = 6 * 60_000;
