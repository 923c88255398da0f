import type { Instant } from './go-node';
import { LONGEST_WAY_MS } from './may-announce';

/** A stream to a Node, as its gateway has it. What it does not write the Node does not get. */
export interface GoStream {
  /** Its own; its words are named after it, and numbered. */
  readonly id: string;
  readonly words: number;
  /** `waits`: for a state; nothing is written to it. */
  readonly mode: 'live' | 'waits';
  /** What the Node held when it was opened, then that of the last key event passed. */
  readonly epoch: number;
  /** The word that no `stream_ready` has answered yet, said or about to be; null where none is. */
  readonly awaits: string | null;
  /** Of the Node's subject, as of the last message, passed or not. */
  readonly sequence: number;
  /** Whether a key event was written to it, which may still lie unread in its socket. */
  readonly hasTold: boolean;
  /** When the row was read by which it was opened. */
  readonly openedAt: Instant;
}

interface Numbered {
  readonly sequence: number;
  /** The one before it on this subject. */
  readonly lastSequence: number;
  readonly issuedAt: Date;
  /** The trust epoch that it was made for. */
  readonly epoch: number;
}

/** A message for the Node. `from`: the told epoch whose key signs a key event. */
export type StreamMessage = Numbered &
  (
    | { readonly kind: 'key'; readonly from: number }
    | { readonly kind: 'ready'; readonly helloId: string; readonly position: number }
    | { readonly kind: 'ordinary'; readonly position: number }
  );

/** `lookAgain`: the Node's row is read anew, for something is not as the stream has it. */
export type Passing = 'pass' | 'drop' | 'lookAgain';

/**
 * What the Node gets of what is published to it: what it can verify, nothing older than what it holds, and nothing where
 * something before it is missing: positions rise with the sequence, so ids do. While an answer is awaited what comes before it is dropped: it was sent before the relay knew of this stream.
 */
export function passes(stream: GoStream, message: StreamMessage, now: Date): Passing {
  if (stream.mode !== 'live') return 'drop';
  const isAwaiting = stream.awaits !== null;
  const otherwise: Passing = isAwaiting ? 'drop' : 'lookAgain';
  if (now.getTime() - message.issuedAt.getTime() > LONGEST_WAY_MS) return otherwise;
  if (!isAwaiting && message.lastSequence !== stream.sequence) return otherwise;
  if (message.kind === 'key') {
    return message.from === stream.epoch && message.epoch > stream.epoch ? 'pass' : otherwise;
  }
  if (message.kind === 'ready' && isAwaiting) {
    if (message.helloId !== stream.awaits) return 'drop';
    return message.epoch === stream.epoch ? 'pass' : 'lookAgain';
  }
  return message.epoch === stream.epoch && !isAwaiting ? 'pass' : otherwise;
}

/** The stream once the message was written to it. */
export function passed<S extends GoStream>(stream: S, message: StreamMessage): S {
  const after = dropped(stream, message);
  if (message.kind === 'key') return { ...after, epoch: message.epoch, hasTold: true };
  return message.kind === 'ready' ? { ...after, awaits: null } : after;
}

/** The same where it was not. */
export const dropped = <S extends GoStream>(stream: S, { sequence }: StreamMessage): S => ({ ...stream, sequence });
