/** Puts one message on a Node's stream: exactly there, exactly after what is on record, or not at all (ADR 0008). */
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Bus, ThrottledLog } from '@plexsphere/service-kit';
import { ErrorCode, NatsError } from 'nats';
import { EventStream, apiErrorOf } from './event-stream';
import { StreamAcks, type Ack } from './stream-acks';
import type { OutgoingMessage } from '../write/message-writer';

export type PublishOutcome =
  /** It stands on the stream with this sequence. */
  | { kind: 'stored'; sequence: number }
  /** Another message stands there; 0 = none. */
  | { kind: 'other_sequence'; sequence: number }
  /** The bus takes no message of this size. */
  | { kind: 'too_large' }
  /** Nobody knows. The claim lapses, and whoever takes the Node finds out. */
  | { kind: 'unknown' };

/** JetStream: "wrong last sequence". */
const WRONG_LAST_SEQUENCE = 10071;
/** JetStream: "message size exceeds maximum allowed", by a limit of the account or the stream. */
const MESSAGE_TOO_LARGE = 10054;

/** A bus that says nothing for so long is asked again with the same message id, in milliseconds. */
const ANSWER_WITHIN_MS = 2_000;
const AGAIN_AFTER_MS = 100;

@Injectable()
export class Publisher {
  private readonly acks: StreamAcks;

  constructor(
    bus: Bus,
    private readonly stream: EventStream,
    private readonly log: ThrottledLog,
  ) {
    this.acks = new StreamAcks(bus.connection);
  }

  /**
   * Tries until `deadline` (monotonic, milliseconds), always with the same message id: a publish whose answer was lost
   * is recognised by it. Never on another stream than the one that the claim was for: the sequences of a new one begin
   * at 1 again, and sooner or later it has one that fits. Nor once it `isOver`: nobody is to hear it any more. Never throws.
   */
  async publish(
    outgoing: OutgoingMessage,
    at: { stream: string; lastSequence: number; deadline: number; isOver?: () => boolean },
  ): Promise<PublishOutcome> {
    const { stream, lastSequence, deadline, isOver = () => false } = at;
    for (let leftMs = deadline - performance.now(); leftMs > 0; leftMs = deadline - performance.now()) {
      if (this.stream.created !== stream || isOver()) return { kind: 'unknown' };
      const ack = await this.once(outgoing, lastSequence, Math.min(ANSWER_WITHIN_MS, leftMs));
      if (ack.kind === 'stored' || ack.kind === 'too_large') return ack;
      if (ack.kind === 'refused' && ack.code === WRONG_LAST_SEQUENCE) {
        const found = await this.whatStandsThere(outgoing);
        if (found !== undefined) return found;
      } else {
        this.log.warn({ reason: `${ack.kind === 'refused' ? ack.code : ack.reason}` }, 'publish has no outcome yet');
        await this.stream.check().catch(() => undefined);
      }
      await delay(AGAIN_AFTER_MS);
    }
    return { kind: 'unknown' };
  }

  private async once(
    outgoing: OutgoingMessage,
    lastSequence: number,
    timeoutMs: number,
  ): Promise<Ack | { kind: 'too_large' }> {
    // What is published while the bus is away would be sent whenever it comes back, to whatever it is then.
    if (!this.stream.usable) return { kind: 'silent', reason: 'away' };
    try {
      const ack = await this.acks.publish(outgoing, lastSequence, timeoutMs);
      return ack.kind === 'refused' && ack.code === MESSAGE_TOO_LARGE ? { kind: 'too_large' } : ack;
    } catch (error) {
      return isTooLarge(error) ? { kind: 'too_large' } : { kind: 'silent', reason: reasonOf(error) };
    }
  }

  /** Ours after all (its answer was lost), or another's. Undefined where the bus does not say. */
  private async whatStandsThere(outgoing: OutgoingMessage): Promise<PublishOutcome | undefined> {
    try {
      // A stream that is new has no right to be adopted from before every Node knows that it is.
      await this.stream.check();
      const last = await this.stream.lastMessage(outgoing.subject);
      if (last?.messageId === outgoing.messageId) return { kind: 'stored', sequence: last.sequence };
      return { kind: 'other_sequence', sequence: last?.sequence ?? 0 };
    } catch (error) {
      this.log.warn({ reason: reasonOf(error) }, 'stream cannot be read');
      return undefined;
    }
  }
}

/** By the server's own limit, which its greeting names. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof NatsError && error.code === ErrorCode.MaxPayloadExceeded;

const reasonOf = (error: unknown): string => {
  if (!(error instanceof NatsError)) return error instanceof Error ? error.name : 'unknown';
  return `${apiErrorOf(error) ?? error.code}`;
};
