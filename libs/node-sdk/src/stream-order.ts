/** Where a message stands on the Node's stream: whether one is missing before it. */
import type { StreamMessage } from './stream-message';

/** By the bus's sequences, from one connection to its end: they begin at 1 again when the bus has lost its disk. */
export class SequenceWatch {
  private last: number | undefined;

  restart(): void {
    this.last = undefined;
  }

  /** False for the first message after a hole. Says nothing about the first of a connection, or without headers. */
  follows({ sequence, lastSequence }: StreamMessage): boolean {
    if (sequence === undefined) return true;
    const follows = this.last === undefined || lastSequence === undefined || lastSequence === this.last;
    this.last = sequence;
    return follows;
  }
}

export type Place = 'next' | 'duplicate' | 'hole';

/**
 * By position. A hole that the relay shows again after it was told of it is none: what lay there is settled or expired,
 * and a Node that insisted would never come further.
 */
export class PositionWatch {
  private shown: { after: number; position: number } | undefined;

  /** Asked only for events that the Node is free to apply, so that between two looks at one hole lies an answer. */
  place(applied: number, position: number): Place {
    if (position <= applied) return 'duplicate';
    if (position === applied + 1) return 'next';
    if (this.shown?.after === applied && this.shown.position === position) return 'next';
    this.shown = { after: applied, position };
    return 'hole';
  }
}
