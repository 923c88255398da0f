import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { Problem, TRAFFIC, problem, trafficWithin, type Inadmissible, type Traffic } from '@plexsphere/wire';
import type { Msg, Subscription } from 'nats';
import { lastValueFrom } from 'rxjs';
import { Admitted, type Answering } from './admitted';
import type { Bus } from './bus';
import type { HandlerExtras } from './bus-context';
import { isProblemBody, respond, type Reply } from './bus-reply';
import { FairQueue } from './fair-queue';
import type { Logger } from './logger';
import { PLACES } from './places';
import { ProblemFilter } from './problem-filter';
import { RefusalReports, type BusObserver } from './refusal-reports';
import { Routes } from './routes';
import { ThrottledLog } from './throttled-log';
import { accepting } from './validated';

interface BusServerOptions {
  logger?: Pick<Logger, 'warn' | 'error'>;
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
  private readonly routes: Routes<Answering>;
  private readonly reports: RefusalReports;
  private closing = false;
  /** The last stop of what goes wrong in a handler, for whatever else of the process answers requests, too. */
  readonly problems: ProblemFilter;

  constructor(
    private readonly bus: Bus,
    private readonly queue: string,
    { logger, table = TRAFFIC }: BusServerOptions = {},
  ) {
    super();
    this.table = table;
    this.routes = new Routes(table);
    this.problems = new ProblemFilter(logger);
    this.reports = new RefusalReports(new ThrottledLog(logger));
    for (const [name, limits] of Object.entries(PLACES)) this.queues.set(name, new FairQueue(limits));
  }

  /** Hears of every message that is refused, and of everybody who is held back. */
  observe(observer: BusObserver): void {
    this.reports.observe(observer);
  }

  /**
   * Answers what is asked there as a `joined` handler of Nest's would, by the same rules, and without what Nest does around
   * each request: what takes a signer microseconds is not to wait for a dozen promises. What is made at once is answered
   * at once. What is asked so often that its rules are a part of the work may have `isUsual`, which takes nothing that they
   * refuse.
   */
  serve<Body extends object>(
    pattern: string,
    Class: new () => Body,
    make: (request: Body) => object | Promise<object>,
    isUsual?: (body: object) => body is Body,
  ): void {
    this.refuseUnlisted(pattern, false);
    const accept = accepting(Class, isUsual);
    this.routes.add(pattern, (asked) => {
      try {
        const made = make(accept(asked.body()));
        if (!(made instanceof Promise)) return { body: made };
        return made.then(
          (body: object) => ({ body }),
          (error: unknown) => this.refused(error, asked),
        );
      } catch (error) {
        return this.refused(error, asked);
      }
    });
  }

  listen(callback: (error?: unknown) => void): void {
    for (const [pattern, handler] of this.messageHandlers) {
      this.refuseUnlisted(pattern, handler.isEventHandler === true);
      this.routes.add(pattern, (asked) => this.answerByNest(handler, asked));
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
  private refuseUnlisted(pattern: string, isEventHandler: boolean): void {
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
    const route = this.routes.on(subject);
    const asker = route?.admission.asker(reply) ?? '';
    const arriving = { reply, bytes: data.length, headerBytes: headerBytesOf(message) };
    const reason = route === undefined ? 'unknown subject' : route.admission.refuses(arriving);
    const traffic = route?.admission.traffic;
    if (traffic === undefined || reason !== undefined) {
      this.refuseUnread(message, traffic, asker, reason ?? 'unknown subject');
      return;
    }
    this.enter(new Admitted(message, traffic, asker, route?.handler, this.finish));
  }

  /** Only what is too large comes from somebody who may be answered. */
  private refuseUnread(message: Msg, traffic: Traffic | undefined, actor: string, reason: Inadmissible): void {
    const tooLarge = reason === 'too large';
    const code = tooLarge ? 'INVALID_ARGUMENT' : 'PERMISSION_DENIED';
    this.reports.unread({ actor, subject: message.subject, code, detail: reason });
    if (!tooLarge || traffic?.answered !== true) return;
    this.respond(message, { problem: problem('requestTooLarge', { limit_bytes: traffic.limitBytes }).body });
  }

  private enter(admitted: Admitted): void {
    const { traffic, asker: actor } = admitted;
    const queue = this.queues.get(traffic.queue);
    if (queue === undefined) return void admitted.run();
    const { heldBack, displaced } = queue.enter(admitted);
    if (heldBack) this.reports.heldBack({ actor, queue: traffic.queue });
    if (displaced !== undefined) this.turnAway(displaced);
  }

  /** There is no room for it. What is no request is dropped, and comes again by itself. */
  private turnAway({ asker: actor, message, traffic }: Admitted): void {
    const { body } = problem('tooManyWaiting');
    this.reports.unread({ actor, subject: message.subject, code: body.code, detail: body.detail });
    if (traffic.answered) this.respond(message, { problem: body });
  }

  private readonly finish = (admitted: Admitted, reply: Reply): void => {
    const { message, traffic } = admitted;
    if ('problem' in reply) {
      const { code, detail } = reply.problem;
      const refused = { actor: admitted.actor, subject: message.subject, code, detail };
      if (traffic.answered) this.reports.answered(refused);
      else this.reports.unread(refused);
    }
    if (traffic.answered) this.respond(message, reply);
  };

  private async answerByNest(handler: MessageHandler, asked: Admitted): Promise<Reply> {
    try {
      const result: unknown = await handler(asked.body(), asked.context);
      return { body: await lastValueFrom(this.transformToObservable(result), { defaultValue: {} }) };
    } catch (error) {
      // ProblemFilter has turned every error into a problem's body before it comes here, save those of the body itself.
      const refused: unknown = error instanceof Problem ? error.body : error;
      return { problem: isProblemBody(refused) ? refused : problem('internal').body };
    }
  }

  private refused(error: unknown, asked: Admitted): Reply {
    // A body that could not be read is refused as a Problem, of which the log says nothing.
    const body = error instanceof Problem ? undefined : asked.body();
    return { problem: this.problems.problemOf(error, { context: asked.context, body }).body };
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
