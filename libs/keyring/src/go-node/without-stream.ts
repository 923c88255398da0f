import type { StreamWord } from './go-node';
import { takenAnswer, type BegunState } from './node-states';

/**
 * News of keys that a stream has left unread, in a socket or anywhere, are refused for their age by then (five minutes): a
 * minute is for clocks, and for what a Node's gateway has yet to tell of its stream.
 */
const NO_STREAM_MS = 6 * 60_000;

/** A stream that is opened after so long is on record at once, and not with many others once a minute. */
const IS_MISSED_MS = 2 * 60_000;

/** Of a Node that asks for states, and for no stream; `seenAt`: when it last had one, or was to have one. */
export const hasNoStream = (seenAt: Date | null, now: Date): boolean => isOver(seenAt, NO_STREAM_MS, now);

export const isMissed = (seenAt: Date | null, now: Date): boolean => isOver(seenAt, IS_MISSED_MS, now);

const isOver = (seenAt: Date | null, forMs: number, now: Date): boolean =>
  seenAt === null || now.getTime() - seenAt.getTime() >= forMs;

/** What is said of a Node without a stream that has worked a state in; undefined where that proves nothing. */
export function wordWithoutStream(state: BegunState | undefined, setsKeys: boolean): StreamWord | undefined {
  const taken = takenAnswer(state, setsKeys);
  return (
    taken && { helloId: null, epoch: taken.epoch, isProven: true, position: null, waits: false, readAt: taken.readAt }
  );
}
