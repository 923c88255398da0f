import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { WAITS_MS, type Hearing, type StreamWord } from '@plexsphere/keyring';
import { Bus, LOGGER, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import {
  helloOfHeaders,
  problem,
  randomToken,
  subjects,
  type RingChanged,
  type Scope,
  type StreamWord as SaidWord,
} from '@plexsphere/wire';
import { Events, type Msg, type Subscription } from 'nats';
import { orRefused } from '../door/refuse';
import type { NodeView } from '../views/node-views';
import { EventSource } from './event-source';
import { NodeNews } from './node-news';
import { NodeStream, type StreamGround } from './node-stream';
import type { OpenStream } from './open-stream';
import { SdkStream } from './sdk-stream';
import { StreamRows } from './stream-rows';
import { keptForMs, lastEventId } from './stream-request';
import { Wheel } from './wheel';

/** One wheel for all streams: keep-alives, and what waits for time to pass. */
const TICK_MS = 1_000;
/** A bus that does not say that it hears a subject: whoever asks comes again. */
const HEARD_WITHIN_MS = 2_000;
/**
 * Of one Node at a time: it reads one, a clone of it another, and those that its line has lost are open until somebody
 * notices. Each may hold what its Node does not read.
 */
const MOST_OF_A_NODE = 4;
type Begin = () => Promise<OpenStream>;

/** The streams of Nodes that are open on this gateway. */
@Injectable()
export class EventStreams implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly streams = new Set<OpenStream>();
  /** In the order in which they were opened. A list is never changed: nearly all have one stream in it. */
  private readonly byNode = new Map<string, readonly OpenStream[]>();
  private readonly ground: StreamGround;
  private readonly wheel: Wheel<OpenStream>;
  private isEnding = false;

  constructor(
    private readonly bus: Bus,
    private readonly rows: StreamRows,
    private readonly news: NodeNews,
    private readonly log: ThrottledLog,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.wheel = new Wheel(this.streams, (stream) => stream.tick(), { everyMs: TICK_MS, logger });
    this.ground = {
      hearing: (nodeId) => this.hearing(nodeId),
      readRow: (nodeId) => this.rows.read(nodeId),
      say: (nodeId, word) => this.say(nodeId, word),
      catchUp: () => this.news.catchUp(),
      failed: (nodeId, err) => this.log.warn({ node: nodeId, err }, "Node's row not read"),
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.news.onNews((nodeId, news) => {
      for (const stream of this.byNode.get(nodeId) ?? []) {
        if (news.what === 'drift') stream.drifted(news);
        else stream.tick();
      }
    });
    await this.bus.whenThere(() => this.hearBus());
    this.wheel.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.wheel.stop();
  }

  /** How many are open, and how many of those wait for a state. */
  get counts(): { open: number; waiting: number } {
    return { open: this.streams.size, waiting: [...this.streams].filter((stream) => stream.waits).length };
  }

  get isEmpty(): boolean {
    return this.streams.size === 0;
  }

  has(nodeId: string): boolean {
    return this.byNode.has(nodeId);
  }

  /** What a Node holds, to the relays. */
  say(nodeId: string, word: StreamWord): void {
    this.bus.publish(subjects.httpWord(nodeId), saidWord(word));
  }

  /** Whether one of them waits for a state of this Node. */
  waits(nodeId: string): boolean {
    return this.byNode.get(nodeId)?.some((stream) => stream.waits) ?? false;
  }

  /**
   * The Node has been let in, and asks for its stream. First its subject is heard, then its row is read: what is published
   * from then on comes here, and what was before is on record.
   * @throws Problem: nothing has been answered then
   */
  async open(request: IncomingMessage, response: ServerResponse, node: NodeView): Promise<void> {
    if (this.isEnding) throw problem('eventStreamUnavailable');
    const begin =
      node.listens === 'sdk' ? this.forSdk(request, response, node) : this.forDaemon(request, response, node);
    const early: Msg[] = [];
    let stream: OpenStream | undefined;
    const subscription = this.bus.connection.subscribe(subjects.httpEvents(node.id), {
      callback: (err, message) => {
        if (err !== null) return;
        if (stream === undefined) early.push(message);
        else stream.hear(message);
      },
    });
    try {
      if (!(await this.bus.flushedWithin(HEARD_WITHIN_MS))) throw problem('eventStreamUnavailable');
      stream = await begin();
    } catch (error) {
      subscription.unsubscribe();
      throw error;
    }
    this.keep(stream, response, subscription);
    for (const message of early) stream.hear(message);
  }

  /** Nothing more goes out to the Node, not even what waits for it to read on. */
  cut(nodeId: string): void {
    for (const stream of this.byNode.get(nodeId) ?? []) stream.cut();
  }

  /** Ends all of them, spread over so long; none is opened any more. */
  async end(overMs: number): Promise<void> {
    this.isEnding = true;
    const streams = [...this.streams];
    for (const [index, stream] of streams.entries()) {
      stream.end();
      // Their Nodes ask again at once: not all in one instant.
      if (index % 10 === 9) await delay((10 * overMs) / streams.length);
    }
  }

  /** What such a Node holds is on record: read once it is heard. */
  private forDaemon(request: IncomingMessage, response: ServerResponse, { id, scope }: NodeView): Begin {
    const presented = lastEventId(request);
    return async () => {
      const row = await this.rows.read(id, presented, () => this.requireOpen(response));
      if (row === undefined) throw problem('nodeRemoved');
      this.requireOpen(response);
      const begins = { id: randomToken(), patienceMs: patience(), row };
      return new NodeStream(id, scope, begins, new EventSource(response), this.ground);
    };
  }

  /** Such a Node says itself what it holds: a relay answers on the stream. */
  private forSdk(request: IncomingMessage, response: ServerResponse, { id, scope }: NodeView): Begin {
    const hello = orRefused(helloOfHeaders, request.headers);
    return async () => {
      this.requireOpen(response);
      const stream = new SdkStream(id, scope, response, keptForMs(request.headers.prefer));
      this.bus.publish(subjects.httpHello(id), hello);
      return stream;
    };
  }

  /** @throws Problem where nobody can be answered any more */
  private requireOpen(response: ServerResponse): void {
    if (this.isEnding || response.destroyed) throw problem('eventStreamUnavailable');
  }

  private keep(stream: OpenStream, response: ServerResponse, subscription: Subscription): void {
    const { nodeId } = stream;
    const ofNode = [...(this.byNode.get(nodeId) ?? []), stream];
    this.streams.add(stream);
    this.byNode.set(nodeId, ofNode);
    const close = (): void => {
      subscription.unsubscribe();
      this.forget(stream);
    };
    if (response.destroyed) close();
    // It closes once: what `once` keeps to see to that is as much again, for each stream.
    else response.on('close', close);
    for (const oldest of ofNode.slice(0, -MOST_OF_A_NODE)) oldest.cut();
  }

  private forget(stream: OpenStream): void {
    const { nodeId } = stream;
    this.streams.delete(stream);
    const others = this.byNode.get(nodeId)?.filter((each) => each !== stream) ?? [];
    if (others.length === 0) this.byNode.delete(nodeId);
    else this.byNode.set(nodeId, others);
  }

  private each(deed: (stream: OpenStream) => void): void {
    for (const stream of this.streams) deed(stream);
  }

  private async ringChanged(message: Msg): Promise<void> {
    const scope = changedScope(message);
    if (scope === undefined || ![...this.streams].some((stream) => stream.scope === scope)) return;
    await this.lookAtRing(scope);
  }

  /** One reading for all streams of the scope. Where it fails, a message that does not pass has them look. */
  private async lookAtRing(scope: Scope): Promise<void> {
    try {
      const read = await this.rows.ring(scope);
      if (read !== undefined) this.each((stream) => stream.scope === scope && stream.ringChanged(read));
    } catch (err) {
      this.log.warn({ scope, err }, 'ring not read');
    }
  }

  private async hearBus(): Promise<void> {
    this.bus.connection.subscribe(subjects.ringChanged, {
      callback: (err, message) => void (err ?? this.ringChanged(message)),
    });
    void this.watchBus();
    await this.news.listen();
  }

  private async watchBus(): Promise<void> {
    for await (const { type } of this.bus.connection.status()) {
      if (type !== Events.Reconnect) continue;
      this.news.missed();
      this.each((stream) => stream.gap());
    }
  }

  private hearing(nodeId: string): Hearing {
    const { hearsSinceMs, heardUntilMs } = this.news;
    return { states: this.news.statesOf(nodeId), hearsSinceMs, heardUntilMs, now: new Date() };
  }
}

/** undefined for what says nothing of the kind: it concerns no stream. */
function changedScope(message: Msg): Scope | undefined {
  try {
    return message.json<Partial<RingChanged>>().scope;
  } catch {
    return undefined;
  }
}

const patience = (): number => WAITS_MS.least + Math.random() * (WAITS_MS.most - WAITS_MS.least);

const saidWord = ({ helloId, isProven, readAt, ...word }: StreamWord): SaidWord => ({
  ...word,
  hello_id: helloId,
  is_proven: isProven,
  read_at: readAt,
});
