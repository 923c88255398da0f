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
