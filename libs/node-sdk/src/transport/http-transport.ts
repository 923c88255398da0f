/**
 * The Node's stream over HTTP: server-sent events of whichever gateway there is, asked for anew whenever they end. The
 * request says hello; what the Node says beside it is posted. Where nothing comes through, since something on the way
 * gathers an answer before it passes it on, short answers are asked for, one after the other.
 */
import { helloHeaders, routePath, type Ack, type Hello } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import { backOffMs, pause, within } from '../back-off';
import type { HttpEnrolment } from '../enrolment/enrolment';
import { readEvents } from './event-reader';
import { gatewayUrls } from '../enrolment/gateway-url';
import { HttpCaller, readText } from './http-call';
import { HttpFailure, SILENCE, failureOf } from './http-failure';
import { LatestPost } from './latest-post';
import { NodeSdkError } from '../node-sdk-error';
import { ANSWERED_WITHIN_MS, type ReportAnswer } from '../member/reporter';
import { MOST_ANSWER_BYTES, answerOf } from './report-answer';
import type { StreamMessage } from './stream-message';
import { STREAM_TIMES, StreamMode } from './stream-mode';
import type { Transport, TransportOptions } from './transport';
import { TurnedAwayWatch } from './turned-away-watch';

const FIRST_PAUSE_MS = 250;
/** So that gateways that come back are not met by all their Nodes in one instant. */
const JITTER_MS = 500;
/** One that ends sooner is no more than an attempt. */
const LASTED_MS = 5_000;
/** For what was said last. */
const CLOSE_PATIENCE_MS = 1_000;

export class HttpTransport implements Transport {
  private readonly urls: string[];
  private readonly caller: HttpCaller;
  private readonly watch: TurnedAwayWatch;
  private readonly mode: StreamMode;
  private readonly closing = new AbortController();
  private readonly acks: LatestPost<Ack>;
  private readonly hellos: LatestPost<Hello>;
  private at: number;
  /** What the next stream is asked for with. */
  private hello: Hello | undefined;
  private stream: AbortController | undefined;
  private isOpen = false;

  /** @throws NodeSdkError for addresses that the token must not be shown to. */
  constructor(
    private readonly enrolment: HttpEnrolment,
    private readonly options: TransportOptions,
    times = STREAM_TIMES,
  ) {
    this.mode = new StreamMode(times);
    const { gateways, gatewayCa: ca } = enrolment;
    this.urls = gatewayUrls(gateways, { ca, insecure: options.allowPlaintext === true });
    this.at = Math.floor(Math.random() * this.urls.length);
    this.caller = new HttpCaller(enrolment);
    this.watch = new TurnedAwayWatch(options.now, (turnedAway) => {
      options.logger.error({ ...turnedAway }, 'gateways do not let this Node in: removed, or not enrolled');
      options.onTurnedAway(turnedAway);
    });
    const { signal } = this.closing;
    this.acks = new LatestPost({ send: (ack) => this.post('ack', ack), signal });
    // The one who says hello says it again.
    this.hellos = new LatestPost({ send: (hello) => this.post('hello', hello).then(() => true), signal });
  }

  async run(): Promise<void> {
    const { signal } = this.options;
    for (let failures = 0; !signal.aborted;) {
      const sinceMs = performance.now();
      const failure = await this.listen();
      const lasted = performance.now() - sinceMs >= LASTED_MS || (failure === undefined && this.mode.polls);
      failures = lasted ? 0 : failures + 1;
      const pauseMs = Math.max(backOffMs(failures + 1, FIRST_PAUSE_MS), failure?.retryAfterMs ?? 0);
      // Whichever is next: after a while all of them have as many.
      this.at = (this.at + 1) % this.urls.length;
      await pause(pauseMs + Math.random() * JITTER_MS, signal);
    }
  }

  sayHello(hello: Hello): void {
    if (this.isOpen) this.hellos.put(hello);
    else this.hello = hello;
  }

  acknowledge(ack: Ack): void {
    this.acks.put(ack);
  }

  async report(rings: ReportedRing[]): Promise<ReportAnswer> {
    try {
      const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
      const call = { path: this.path('channel'), body: { rings }, answeredWithinMs: ANSWERED_WITHIN_MS };
      const response = await this.caller.call(this.url, call, signal);
      return answerOf(await readText(response, MOST_ANSWER_BYTES));
    } catch (error) {
      const { status, reason } = failureOf(error);
      return { kind: isFinal(status) ? 'refused' : 'unanswered', reason };
    }
  }

  async move(): Promise<void> {
    throw new NodeSdkError('not_on_the_bus');
  }

  async close(): Promise<void> {
    if (this.isOpen) await within(CLOSE_PATIENCE_MS, this.acks.idle());
    this.closing.abort();
    this.stream?.abort();
    this.caller.close();
  }

  /** One stream, from its hello to its end; what it failed by, if it did. */
  private async listen(): Promise<HttpFailure | undefined> {
    const { onConnected, onDisconnected } = this.options;
    // Says the hello that the stream is asked for with.
    onConnected();
    this.stream = new AbortController();
    try {
      await this.read(this.stream.signal);
      return undefined;
    } catch (error) {
      return this.failed(error);
    } finally {
      this.isOpen = false;
      this.stream = undefined;
      onDisconnected();
    }
  }

  private async read(signal: AbortSignal): Promise<void> {
    if (this.hello === undefined) return;
    const { headers, answeredWithinMs, firstWithinMs, silenceMs } = this.mode.asked;
    const path = this.path('events');
    const call = { path, headers: { ...headers, ...helloHeaders(this.hello) }, answeredWithinMs };
    const response = await this.caller.call(this.url, call, signal);
    if (!/^text\/event-stream\b/.test(response.headers['content-type'] ?? '')) {
      response.destroy();
      throw new HttpFailure('no event stream');
    }
    this.watch.letIn();
    this.isOpen = true;
    for await (const event of readEvents(response, { firstWithinMs, silenceMs })) {
      this.mode.cameThrough();
      if (event !== undefined) await this.options.onMessage(messageOf(event));
    }
  }

  private failed(error: unknown): HttpFailure {
    const failure = failureOf(error);
    if (this.closing.signal.aborted) return failure;
    if (failure.reason === SILENCE) this.mode.nothingCame();
    const { reason } = failure;
    if (isTurnedAway(failure)) this.watch.turnedAway(reason);
    else this.options.logger.warn({ reason, gateway: this.url }, 'no stream of this gateway');
    return failure;
  }

  /** Whether there is nothing left to say of it. */
  private async post(route: 'ack' | 'hello', body: Ack | Hello): Promise<boolean> {
    try {
      (await this.caller.call(this.url, { path: this.path(route), body }, this.closing.signal)).resume();
      return true;
    } catch (error) {
      const failure = failureOf(error);
      // Told by the next stream, which is turned away, too.
      if (isTurnedAway(failure)) this.stream?.abort();
      return isFinal(failure.status);
    }
  }

  private path(route: 'events' | 'ack' | 'hello' | 'channel'): string {
    return routePath(route, { node_id: this.enrolment.nodeId });
  }

  private get url(): string {
    return this.urls[this.at]!;
  }
}

/** Too slow, too soon, too often: another time it may go. */
const PASSING: readonly number[] = [408, 409, 429];

/** It would be refused again. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && !PASSING.includes(status);

const isTurnedAway = ({ status }: HttpFailure): boolean => status === 401 || status === 403;

const messageOf = ({ id, event, data }: { id: string; event: string; data: string }): StreamMessage => ({
  kind: event === '' ? 'event' : event,
  text: data,
  ...(/^\d{1,15}$/.test(id) && { position: Number(id) }),
});
