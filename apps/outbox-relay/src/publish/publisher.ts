/** Puts one message on a Node's stream: exactly there, exactly after what is on record, or not at all (ADR 0008). */
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Bus, ThrottledLog } from '@plexsphere/service-kit';
import { ErrorCode, NatsError, headers as natsHeaders, type JetStreamClient, type PubAck } from 'nats';
import { EventStream, apiErrorOf } from './event-stream';
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
/** JetStream: "message size exceeds maximum allowed". */
const MESSAGE_TOO_LARGE = 10054;

/** A bus that says nothing for so long is asked again with the same message id, in milliseconds. */
const ANSWER_WITHIN_MS = 2_000;
const AGAIN_AFTER_MS = 100;

@Injectable()
export class Publisher {
  private readonly jetStream: JetStreamClient;

  constructor(
    bus: Bus,
    private readonly stream: EventStream,
    private readonly log: ThrottledLog,
  ) {
    this.jetStream = bus.connection.jetstream();
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
      try {
        // What is published while the bus is away would be sent whenever it comes back, to whatever it is then.
        if (!this.stream.usable) throw new BusAway();
        const { seq } = await this.once(outgoing, lastSequence, Math.min(ANSWER_WITHIN_MS, leftMs));
        return { kind: 'stored', sequence: seq };
      } catch (error) {
        if (isTooLarge(error)) return { kind: 'too_large' };
        if (apiErrorOf(error) === WRONG_LAST_SEQUENCE) {
          const found = await this.whatStandsThere(outgoing);
          if (found !== undefined) return found;
        } else {
          this.log.warn({ reason: reasonOf(error) }, 'publish has no outcome yet');
          await this.stream.check().catch(() => undefined);
        }
        await delay(AGAIN_AFTER_MS);
      }
    }
    return { kind: 'unknown' };
  }

  private once(outgoing: OutgoingMessage, lastSequence: number, timeout: number): Promise<PubAck> {
    const headers = natsHeaders();
    for (const [name, value] of Object.entries(outgoing.headers)) headers.set(name, value);
    return this.jetStream.publish(outgoing.subject, outgoing.body, {
      msgID: outgoing.messageId,
      expect: { lastSubjectSequence: lastSequence },
      headers,
      timeout,
    });
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

class BusAway extends Error {
  override readonly name = 'BusAway';
}

/** By the server's own limit, which its greeting names; or by one that the account or the stream has. */
const isTooLarge = (error: unknown): boolean =>
  (error instanceof NatsError && error.code === ErrorCode.MaxPayloadExceeded) ||
  apiErrorOf(error) === MESSAGE_TOO_LARGE;

const reasonOf = (error: unknown): string => {
  if (!(error instanceof NatsError)) return error instanceof Error ? error.name : 'unknown';
  return `${apiErrorOf(error) ?? error.code}`;
};
