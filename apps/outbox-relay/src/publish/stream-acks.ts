/**
 * Publishes to the stream, and hears what it acknowledges: one subscription for all and one timer for all. A request of the
 * library's for each message, with a timer and three errors of its own, cost more than all else of a message.
 */
import { EVENT_STREAM, inboxPrefix, isCount, randomToken } from '@plexsphere/wire';
import { createInbox, headers as natsHeaders, type Msg, type NatsConnection } from 'nats';
import type { OutgoingMessage } from '../write/message-writer';

export type Ack =
  /** It stands on the stream with this sequence. */
  | { kind: 'stored'; sequence: number }
  /** By JetStream's own code. */
  | { kind: 'refused'; code: number }
  /** Nobody knows. */
  | { kind: 'silent'; reason: string };

/** How often it is looked whose time is over, in milliseconds, while anybody waits. */
const LOOK_EVERY_MS = 50;

interface Waiting {
  untilMs: number;
  answer: (ack: Ack) => void;
}

export class StreamAcks {
  private readonly inbox = createInbox(inboxPrefix({ kind: 'outbox-relay' }));
  /** By the token behind the inbox, which nobody else can guess. */
  private readonly waiting = new Map<string, Waiting>();
  private looking: NodeJS.Timeout | undefined;
  /** One text goes to many Nodes as a rule: as bytes it is kept for the next one. */
  private lastBody = { text: '', bytes: Buffer.alloc(0) };

  constructor(private readonly connection: Pick<NatsConnection, 'publish' | 'subscribe'>) {
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.hear(message);
      },
    });
  }

  /** Behind the message with this sequence on its subject, or not at all. @throws NatsError where it is not even sent */
  publish(
    { subject, messageId, headers, body }: Pick<OutgoingMessage, 'subject' | 'messageId' | 'headers' | 'body'>,
    lastSequence: number,
    timeoutMs: number,
  ): Promise<Ack> {
    const own = natsHeaders();
    for (const name in headers) own.append(name, headers[name] ?? '');
    own.append('Nats-Msg-Id', messageId);
    own.append('Nats-Expected-Last-Subject-Sequence', `${lastSequence}`);
    const token = randomToken();
    this.connection.publish(subject, this.bytesOf(body), { headers: own, reply: `${this.inbox}.${token}` });
    return new Promise((answer) => {
      this.waiting.set(token, { untilMs: performance.now() + timeoutMs, answer });
      this.looking ??= this.later();
    });
  }

  private hear(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    const waiting = this.waiting.get(token);
    if (waiting === undefined) return;
    this.waiting.delete(token);
    waiting.answer(ackOf(message));
  }

  private look(): void {
    const nowMs = performance.now();
    for (const [token, { untilMs, answer }] of this.waiting) {
      if (untilMs > nowMs) continue;
      this.waiting.delete(token);
      answer({ kind: 'silent', reason: 'TIMEOUT' });
    }
    this.looking = this.waiting.size === 0 ? undefined : this.later();
  }

  private later(): NodeJS.Timeout {
    return setTimeout(() => this.look(), LOOK_EVERY_MS).unref();
  }

  private bytesOf(text: string): Buffer {
    if (this.lastBody.text !== text) this.lastBody = { text, bytes: Buffer.from(text) };
    return this.lastBody.bytes;
  }
}

/** Without a stream behind the subject the server itself answers, by a header. */
function ackOf(message: Msg): Ack {
  if (message.headers !== undefined) return { kind: 'silent', reason: `${message.headers.code}` };
  try {
    const { stream, seq, error } = message.json<{ stream?: unknown; seq?: unknown; error?: { err_code?: unknown } }>();
    if (isCount(error?.err_code)) return { kind: 'refused', code: error.err_code };
    if (stream === EVENT_STREAM.name && isCount(seq, 1)) return { kind: 'stored', sequence: seq };
  } catch {
    // As what says nothing.
  }
  return { kind: 'silent', reason: 'no acknowledgement' };
}
