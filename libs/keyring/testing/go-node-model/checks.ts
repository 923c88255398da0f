/** What must be true of the whole, whatever happens: nothing settled that is not held or was not taken, no Node set back. */
import type { GoNode, StreamWord } from '../../src/go-node';
import type { Connection, DaemonProcess } from './model-daemon';
import type { Row, WireMessage } from './model-relay';

export class Violation extends Error {}

export class Checks {
  /** Events that a process of the Node has taken. */
  readonly accepted = new Set<string>();
  /** Of two that say that they are one the record knows no more than of one. */
  wasCloned = false;
  /** The greatest epoch that a process held. */
  private everHeld = 1;

  holds(epoch: number): void {
    this.everHeld = Math.max(this.everHeld, epoch);
  }

  /** The relay has taken a word. */
  taken(word: StreamWord, before: GoNode, after: GoNode, settled: readonly Row[]): void {
    const { settledEpoch } = after;
    // A drift of one of two counts for the state of the other, which may be gone.
    if (settledEpoch > this.everHeld && !this.wasCloned)
      throw new Violation(`${settledEpoch} is settled and was never held`);
    // Two words of one stream may cross: what the Node is then taken to hold it has held, and is told from there.
    if (settledEpoch < before.settledEpoch && word.readAt < (before.wordAt ?? '')) {
      throw new Violation(`${before.settledEpoch} was settled, and is no more since an earlier stream says so`);
    }
    for (const { eventId } of settled) {
      if (!this.accepted.has(eventId) && !this.wasCloned)
        throw new Violation(`${eventId} is settled and was never taken`);
    }
  }

  /** A stream says a word; `processes`: the Node's since it asked for that stream. */
  said(word: StreamWord, connection: Connection, processes: readonly DaemonProcess[]): void {
    // Said again it claims nothing new.
    if (!word.isProven || connection.claimed === word.epoch) return;
    connection.claimed = word.epoch;
    if (this.wasCloned) return;
    // A stream that its Node has left may say it of a process that came after, and which may be gone as well: what that
    // one's own stream said would be as late, and counts for more.
    const holder = processes.find(({ heldEpoch }) => heldEpoch >= word.epoch);
    if (holder === undefined) throw new Violation(`${word.epoch} is said to be held, and no process has held it`);
    holder.provenEpoch = Math.max(holder.provenEpoch, word.epoch);
  }

  /** A message goes into a stream's socket; `knownMs`: until when its gateway knows what the Node was given. */
  written(message: WireMessage, connection: Connection, knownMs: number): void {
    const { process, streamId, written } = connection;
    // What it takes meanwhile is as if it read the event after it: the stream goes on from there.
    const isOlder = message.kind === 'key' && message.epoch < process.heldEpoch && process.heldAtMs < knownMs;
    if (isOlder && !this.wasCloned) {
      throw new Violation(`key event ${message.epoch} on ${streamId}, and the Node has taken ${process.heldEpoch}`);
    }
    if (message.kind === 'key') return;
    if (message.position <= (written ?? 0)) {
      throw new Violation(`id ${message.position} on ${streamId}, after ${written}`);
    }
    connection.written = message.position;
  }
}
