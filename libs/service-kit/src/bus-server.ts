import {
  TRAFFIC,
  headers as wireHeaders,
  inadmissible,
  problem,
  trafficOn,
  type Inadmissible,
  type ProblemBody,
  type Traffic,
} from '@plexsphere/wire';
import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { headers as natsHeaders, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from 'nats';
import { lastValueFrom } from 'rxjs';

/** What a handler learns beside the body. */
export class BusContext extends BaseRpcContext<[string, MsgHdrs | undefined]> {
  get subject(): string {
    return this.getArgByIndex(0);
  }

  /** The subject's token at `index`, counted from 0: the operator of a command, the Node of a hello. */
  token(index: number): string {
    return this.subject.split('.')[index] ?? '';
  }
}

type Reply = { body: unknown } | { problem: ProblemBody };

/** Extras of a `@MessagePattern`: `queue` shares the work; `joined` handlers hear nothing until `join` is called. */
export interface HandlerExtras {
  queue?: string;
  joined?: boolean;
}

/**
 * Nest's handlers over plain JSON on NATS, without Nest's packet wrapping, so that any client can use the API. Differs
 * from Nest's own transport where that one falls short: bad JSON is answered instead of ending the process, errors carry
 * their code in a header, queue groups are joined and left as leases come and go, and a stop loses no request.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  private readonly started: Subscription[] = [];
  private readonly joined = new Map<string, Subscription>();
  private inFlight = 0;
  private closing = false;
  private idle: () => void = () => undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly queue: string,
    /** A spec may have a table of its own. */
    private readonly table: readonly Traffic[] = TRAFFIC,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    for (const [pattern, handler] of this.messageHandlers) {
      const extras = handler.extras as HandlerExtras | undefined;
      if (extras?.joined === true) continue;
      this.started.push(
        this.subscribe(pattern, handler.isEventHandler === true ? extras?.queue : (extras?.queue ?? this.queue)),
      );
    }
    // Ready is to mean that the server knows of every subscription: whoever asks from then on is heard.
    this.connection.flush().then(() => callback(), callback);
  }

  /** Begins to hear `subject` (wildcards allowed) in the queue group, dispatched to the `joined` handlers it matches. */
  join(subject: string): void {
    if (!this.closing && !this.joined.has(subject)) this.joined.set(subject, this.subscribe(subject, this.queue));
  }

  /** Leaves; what the server has sent us up to then is still answered, which a plain unsubscribe would drop. */
  leave(subject: string): void {
    this.joined
      .get(subject)
      ?.drain()
      .catch(() => undefined);
    this.joined.delete(subject);
  }

  /** Hears no more, answers everything that it has heard, flushes. The connection stays open for the last words. */
  async close(): Promise<void> {
    this.closing = true;
    const subscriptions = [...this.started, ...this.joined.values()];
    this.started.length = 0;
    this.joined.clear();
    await Promise.all(subscriptions.map((subscription) => subscription.drain().catch(() => undefined)));
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.idle = resolve));
    await this.connection.flush().catch(() => undefined);
  }

  on(): void {}

  unwrap<T>(): T {
    return this.connection as T;
  }

  private subscribe(subject: string, queue: string | undefined): Subscription {
    return this.connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null) this.logger.error(error.message);
        else void this.dispatch(message);
      },
    });
  }

  private async dispatch(message: Msg): Promise<void> {
    const { subject, reply: replyTo = '', data } = message;
    const reason = inadmissible({ subject, reply: replyTo, bytes: data.length }, this.table);
    if (reason !== undefined) return this.refuse(message, reason);
    this.inFlight++;
    try {
      const reply = await this.answer(message);
      if (trafficOn(subject, this.table)?.answered === true) respond(message, reply, this.connection.info?.max_payload);
    } catch (error) {
      // Only the reply itself can fail here (a connection that closed): the caller's time-out covers it.
      this.logger.error(error);
    } finally {
      this.inFlight--;
      if (this.inFlight === 0) this.idle();
    }
  }

  /** Unread. Only what is too large comes from somebody who may be answered. */
  private refuse(message: Msg, reason: Inadmissible): void {
    const { subject } = message;
    this.logger.warn({ subject, reason }, 'message refused unread');
    const traffic = trafficOn(subject, this.table);
    if (reason === 'too large' && traffic?.answered === true) {
      respond(message, { problem: problem('requestTooLarge', { limit_bytes: traffic.limitBytes }).body });
    }
  }

  private async answer(message: Msg): Promise<Reply> {
    const handler = this.handlerOf(message.subject);
    if (handler === undefined) return { problem: problem('internal').body };
    let body: unknown;
    try {
      body = message.data.length === 0 ? {} : message.json();
    } catch {
      return { problem: problem('invariantViolation', { field: 'body' }).body };
    }
    try {
      const result: unknown = await handler(body, new BusContext([message.subject, message.headers]));
      return { body: await lastValueFrom(this.transformToObservable(result), { defaultValue: {} }) };
    } catch (error) {
      // ProblemFilter has turned every error into a problem's body before it comes here.
      return { problem: isProblemBody(error) ? error : problem('internal').body };
    }
  }

  private handlerOf(subject: string): MessageHandler | undefined {
    const tokens = subject.split('.');
    for (const [pattern, handler] of this.messageHandlers) {
      const wanted = pattern.split('.');
      if (wanted.length === tokens.length && wanted.every((token, i) => token === '*' || token === tokens[i]))
        return handler;
    }
    return undefined;
  }
}

const isProblemBody = (error: unknown): error is ProblemBody =>
  typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;

/** An answer that is more than the bus carries becomes a problem, instead of leaving the caller to its time-out. */
function respond(message: Msg, reply: Reply, limitBytes = Number.POSITIVE_INFINITY): void {
  const text = 'body' in reply ? JSON.stringify(reply.body) : undefined;
  if (text !== undefined && Buffer.byteLength(text) <= limitBytes) {
    message.respond(text);
    return;
  }
  const refused = 'problem' in reply ? reply.problem : problem('replyTooLarge', { limit_bytes: limitBytes }).body;
  const errorHeaders = natsHeaders();
  errorHeaders.set(wireHeaders.errorCode, refused.code);
  errorHeaders.set(wireHeaders.error, refused.detail);
  message.respond(JSON.stringify(refused), { headers: errorHeaders });
}
