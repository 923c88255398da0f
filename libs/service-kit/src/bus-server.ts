import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import {
  Problem,
  TRAFFIC,
  askerOf,
  inadmissible,
  isScope,
  problem,
  trafficOn,
  trafficWithin,
  type Inadmissible,
  type Traffic,
} from '@plexsphere/wire';
import type { Msg, MsgHdrs, Subscription } from 'nats';
import { lastValueFrom } from 'rxjs';
import type { Bus } from './bus';
import { BusContext, type HandlerExtras } from './bus-context';
import { isProblemBody, respond, type Reply } from './bus-reply';
import { RefusalReports, type BusObserver } from './refusal-reports';
import { ThrottledLog } from './throttled-log';
import { FairQueue, type Work } from './fair-queue';
import type { Logger } from './logger';
import { PLACES } from './places';
import { requestBody } from './request-body';

/** A message that may be handled, in its asker's place. */
interface Admitted extends Work {
  message: Msg;
  traffic: Traffic;
}

interface BusServerOptions {
  logger?: Pick<Logger, 'warn'>;
  /** A spec may have a table of its own. */
  table?: readonly Traffic[];
}

/**
 * Nest's handlers over plain JSON on NATS, without Nest's packet wrapping, so that any client can use the API. Differs
 * from Nest's own transport where that one falls short: what is too large, or wants its answer where the asker does not
 * listen, is refused unread; everybody who asks has a place of their own; bad JSON is answered instead of ending the
 * process, errors carry their code in a header, queue groups are joined and left as leases come and go, and a stop loses
 * no request.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  private readonly started: Subscription[] = [];
  private readonly joined = new Map<string, Subscription>();
  private readonly queues = new Map<string, FairQueue<Admitted>>();
  private readonly table: readonly Traffic[];
  private readonly reports: RefusalReports;
  private closing = false;

  constructor(
    private readonly bus: Bus,
    private readonly queue: string,
    { logger, table = TRAFFIC }: BusServerOptions = {},
  ) {
    super();
    this.table = table;
    this.reports = new RefusalReports(new ThrottledLog(logger));
    for (const [name, limits] of Object.entries(PLACES)) this.queues.set(name, new FairQueue(limits));
  }

  /** Hears of every message that is refused, and of everybody who is held back. */
  observe(observer: BusObserver): void {
    this.reports.observe(observer);
  }

  listen(callback: (error?: unknown) => void): void {
    for (const [pattern, handler] of this.messageHandlers) {
      this.refuseUnlisted(pattern, handler);
      const extras = handler.extras as HandlerExtras | undefined;
      if (extras?.joined === true) continue;
      this.started.push(
        this.subscribe(pattern, handler.isEventHandler === true ? extras?.queue : (extras?.queue ?? this.queue)),
      );
    }
    // Ready is to mean that the server knows of every subscription: whoever asks from then on is heard. One that goes away
    // meanwhile is told of them again when it is back, and nobody is ready before.
    void this.bus
      .flush()
      .catch(() => undefined)
      .then(() => callback());
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
    await Promise.all([...this.queues.values()].map((queue) => queue.idle()));
    await this.bus.flush().catch(() => undefined);
  }

  on(): void {}

  unwrap<T>(): T {
    return this.bus.connection as T;
  }

  /** Whoever serves a subject that no row speaks of would serve nobody, and learn it from the first request. */
  private refuseUnlisted(pattern: string, { isEventHandler = false }: MessageHandler): void {
    const rows = trafficWithin(pattern, this.table);
    if (rows.length === 0) throw new Error(`nobody may speak on ${pattern}`);
    if (rows.some(({ answered }) => answered === isEventHandler)) {
      throw new Error(`${pattern} is ${isEventHandler ? 'a' : 'no'} request`);
    }
  }

  private subscribe(subject: string, queue: string | undefined): Subscription {
    return this.bus.connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null) this.logger.error(error.message);
        else this.dispatch(message);
      },
    });
  }

  private dispatch(message: Msg): void {
    const { subject, reply = '', data } = message;
    const traffic = trafficOn(subject, this.table);
    const asker = traffic === undefined ? '' : askerOf(traffic, subject, reply);
    const bytes = { bytes: data.length, headerBytes: headerBytesOf(message) };
    const reason = inadmissible({ subject, reply, ...bytes }, traffic);
    if (traffic === undefined || reason !== undefined) {
      this.refuseUnread(message, traffic, asker, reason ?? 'unknown subject');
      return;
    }
    this.enter({ message, traffic, asker });
  }

  /** Only what is too large comes from somebody who may be answered. */
  private refuseUnread(message: Msg, traffic: Traffic | undefined, actor: string, reason: Inadmissible): void {
    const tooLarge = reason === 'too large';
    const code = tooLarge ? 'INVALID_ARGUMENT' : 'PERMISSION_DENIED';
    this.reports.unread({ actor, subject: message.subject, code, detail: reason });
    if (!tooLarge || traffic?.answered !== true) return;
    this.respond(message, { problem: problem('requestTooLarge', { limit_bytes: traffic.limitBytes }).body });
  }

  private enter({ message, traffic, asker }: Pick<Admitted, 'message' | 'traffic' | 'asker'>): void {
    const body = once(() => requestBody(message.data));
    const admitted: Admitted = {
      message,
      traffic,
      asker,
      bytes: message.data.length,
      lane: () => laneOf(traffic, body),
      run: () => this.handle(admitted, body),
    };
    const queue = this.queues.get(traffic.queue);
    if (queue === undefined) return void admitted.run();
    const { heldBack, displaced } = queue.enter(admitted);
    if (heldBack) this.reports.heldBack({ actor: asker, queue: traffic.queue });
    if (displaced !== undefined) this.turnAway(displaced);
  }

  /** There is no room for it. What is no request is dropped, and comes again by itself. */
  private turnAway({ asker: actor, message, traffic }: Admitted): void {
    const { body } = problem('tooManyWaiting');
    this.reports.unread({ actor, subject: message.subject, code: body.code, detail: body.detail });
    if (traffic.answered) this.respond(message, { problem: body });
  }

  private async handle({ message, traffic, asker }: Admitted, body: () => unknown): Promise<void> {
    const context = new BusContext([message.subject, headersOf(message, traffic)]);
    const reply = await this.answer(context, body);
    if ('problem' in reply) {
      const { code, detail } = reply.problem;
      const refused = { actor: context.foundToAsk ?? asker, subject: message.subject, code, detail };
      if (traffic.answered) this.reports.answered(refused);
      else this.reports.unread(refused);
    }
    if (traffic.answered) this.respond(message, reply);
  }

  private async answer(context: BusContext, body: () => unknown): Promise<Reply> {
    const handler = this.handlerOf(context.subject);
    if (handler === undefined) return { problem: problem('internal').body };
    try {
      const result: unknown = await handler(body(), context);
      return { body: await lastValueFrom(this.transformToObservable(result), { defaultValue: {} }) };
    } catch (error) {
      // ProblemFilter has turned every error into a problem's body before it comes here, save those of the body itself.
      const refused: unknown = error instanceof Problem ? error.body : error;
      return { problem: isProblemBody(refused) ? refused : problem('internal').body };
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

  private respond(message: Msg, reply: Reply): void {
    try {
      respond(message, reply, this.bus.connection.info?.max_payload);
    } catch (error) {
      // Only the reply itself can fail here (a connection that closed): the caller's time-out covers it.
      this.logger.error(error);
    }
  }
}

/** Without reading them. The library has what a message takes, but not in its types. */
const headerBytesOf = (message: Msg & { size?: () => number }): number =>
  (message.size?.() ?? Infinity) - message.subject.length - (message.reply?.length ?? 0) - message.data.length;

/** Read where the row bounds them. The library throws where a name is none: then there are none. */
function headersOf(message: Msg, { headerBytes }: Traffic): MsgHdrs | undefined {
  try {
    return headerBytes === undefined ? undefined : message.headers;
  } catch {
    return undefined;
  }
}

/**
 * An operator's requests take turns by the scope that they name: one that is locked must not hold up the others. Newcomers
 * by their token, however many come with it; what a Node says of its key by that key, so that whoever made up one of his own
 * holds up himself: a proof's head names it, and a gateway has looked that it is its own.
 */
function laneOf({ queue }: Traffic, body: () => unknown): string {
  const read = LANES[queue];
  if (read === undefined) return '';
  try {
    const lane = read(body() as Record<string, unknown>);
    return typeof lane === 'string' ? lane : '';
  } catch {
    // Refused when its turn comes.
    return '';
  }
}

const LANES: Partial<Record<Traffic['queue'], (body: Record<string, unknown>) => unknown>> = {
  commands: ({ scope }) => isScope(scope) && scope,
  registrations: ({ token_hash }) => token_hash,
  'node keys': ({ proof }) => typeof proof === 'string' && proof.split('.', 1)[0],
};

/** Not kept where it throws. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
