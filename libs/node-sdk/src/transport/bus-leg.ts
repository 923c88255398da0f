/** One connection to the bus, with the Node's stream on it. There are two of them while the Node moves from one to the other. */
import type { BusCredential } from '@plexsphere/bus-client';
import { dialBus } from '@plexsphere/bus-client/connect';
import { headers, inboxPrefix, randomToken, subjects } from '@plexsphere/wire';
import { NatsError, type ConnectionOptions, type NatsConnection, type Subscription } from 'nats';
import { within } from '../back-off';
import { ANSWERED_WITHIN_MS, unanswered, type ReportAnswer } from '../member/reporter';
import { answerOf } from './report-answer';
import { streamMessage, type StreamMessage } from './stream-message';

/** While the connection is being made anew a flush waits for that; an acknowledgement is not worth as much. */
const FLUSH_PATIENCE_MS = 1_000;

export interface LegOptions {
  nodeId: string;
  credential: BusCredential;
  onOrder: (() => void) | undefined;
}

export class BusLeg {
  /** Not while the client library dials anew: it keeps what is said then, and says it whenever it is in again. */
  isUp = true;
  /** How often it was lost, and made anew by the client library. */
  losses = 0;
  /** Where the stream goes on when it has ended here. */
  next: BusLeg | undefined;
  /** By the bus's count, of what was taken here last. */
  private last: number | undefined;
  private readonly stream: Subscription;
  private readonly asked = new Set<Promise<unknown>>();

  private constructor(
    readonly connection: NatsConnection,
    private readonly whose: LegOptions,
  ) {
    const { nodeId, onOrder } = whose;
    this.stream = connection.subscribe(subjects.nodeEvents(nodeId));
    if (onOrder !== undefined)
      connection.subscribe(subjects.nodeOrder(nodeId), { callback: (error) => error === null && onOrder() });
  }

  /** @throws NatsError */
  static async dial(options: ConnectionOptions, whose: LegOptions): Promise<BusLeg> {
    return new BusLeg(await dialBus(options), whose);
  }

  /** By which it was dialled. */
  get credential(): BusCredential {
    return this.whose.credential;
  }

  get isOpen(): boolean {
    return !this.connection.isClosed();
  }

  lost(): void {
    this.isUp = false;
    this.losses += 1;
  }

  /** What comes here, until it ends; without what came on the leg before. */
  async *messages(before: BusLeg | undefined): AsyncGenerator<StreamMessage> {
    for await (const each of this.stream) {
      const message = streamMessage(each);
      if (before !== undefined && this.isRepeated(message, before)) continue;
      this.last = message.sequence;
      yield message;
    }
  }

  publish(subject: string, body: object): void {
    if (this.isOpen) this.connection.publish(subject, JSON.stringify(body));
  }

  /** The server has all that was said here, and sends what comes from now on. @throws NatsError */
  flush(): Promise<void> {
    return this.connection.flush();
  }

  /** To an inbox of its own, and by a token that nobody can name who has seen others. */
  async report(body: object): Promise<ReportAnswer> {
    if (!this.isUp || !this.isOpen) return unanswered('no connection');
    const answer = this.request(body);
    this.asked.add(answer);
    return answer.finally(() => this.asked.delete(answer));
  }

  /** The server sends nothing here any more; what it has sent is still taken, and what was asked is waited for. */
  async retire(): Promise<void> {
    if (this.isUp && this.isOpen) {
      await within(FLUSH_PATIENCE_MS, this.stream.drain()).catch(() => undefined);
      await within(ANSWERED_WITHIN_MS, Promise.all(this.asked));
    }
    await this.close();
  }

  /** Sends what was said and closes. A bus that is away has nothing to be told; the next hello tells it. */
  async close(): Promise<void> {
    await within(FLUSH_PATIENCE_MS, this.connection.flush()).catch(() => undefined);
    await this.connection.close().catch(() => undefined);
  }

  /** Both legs have it. Who was lost since may be told by a bus that counts anew. */
  private isRepeated({ sequence }: StreamMessage, before: BusLeg): boolean {
    return this.losses === 0 && sequence !== undefined && before.last !== undefined && sequence <= before.last;
  }

  private async request(body: object): Promise<ReportAnswer> {
    const { nodeId } = this.whose;
    try {
      const reply = await this.connection.request(subjects.nodeChannel(nodeId), JSON.stringify(body), {
        timeout: ANSWERED_WITHIN_MS,
        noMux: true,
        reply: `${inboxPrefix({ kind: 'node', id: nodeId })}.${randomToken()}`,
      });
      return answerOf(reply.string(), reply.headers?.get(headers.errorCode) || undefined);
    } catch (error) {
      return unanswered(reasonOf(error));
    }
  }
}

export const reasonOf = (error: unknown): string => (error instanceof NatsError ? error.code : String(error));
