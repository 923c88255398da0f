/**
 * The one stream (ADR 0008): made where it is missing, and watched for having been made anew, which is how the loss of
 * the bus's disk shows.
 */
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus, Health, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { EVENT_STREAM } from '@plexsphere/wire';
import {
  DiscardPolicy,
  NatsError,
  RetentionPolicy,
  StorageType,
  nanos,
  type JetStreamManager,
  type StreamConfig,
} from 'nats';
import { DataSource } from 'typeorm';
import { RelayConfig } from '../relay-config';
import { readBusStream, replaceBusStream } from './bus-stream-record';

/** Between two looks when nothing gives rise to doubt, and after one that failed, in milliseconds. */
const LOOK_EVERY_MS = 5_000;
const LOOK_AGAIN_MS = 250;
/** A question that went under with a connection must not hold up the next look for long. */
const ANSWER_WITHIN_MS = 1_000;

/** JetStream: "stream not found", "no message found". */
const STREAM_NOT_FOUND = 10059;
const NO_MESSAGE_FOUND = 10037;

const configuration = (replicas: number): Partial<StreamConfig> => ({
  name: EVENT_STREAM.name,
  subjects: [EVENT_STREAM.subjects],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  // The last message a Node and no more: replay comes from the database, this only guards the order.
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.Old,
  max_age: 0,
  duplicate_window: nanos(120_000),
  allow_direct: false,
  num_replicas: replicas,
  republish: { src: EVENT_STREAM.subjects, dest: EVENT_STREAM.republishTo },
});

@Injectable()
export class EventStream implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private manager: Promise<JetStreamManager> | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private isUsable = false;
  private createdAt = '';

  constructor(
    private readonly bus: Bus,
    private readonly database: DataSource,
    private readonly config: RelayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    health: Health,
  ) {
    health.check('stream', () => (this.isUsable ? undefined : 'not there yet'));
    this.loop = new Loop({
      turn: () => this.check(),
      everyMs: LOOK_EVERY_MS,
      afterFailureMs: LOOK_AGAIN_MS,
      failure: 'stream not looked at',
      logger,
    });
  }

  /** Whether what is published now goes to a stream that the database knows. */
  get usable(): boolean {
    return this.isUsable;
  }

  /** Which stream it is: the time at which it was made, as the bus told it last. */
  get created(): string {
    return this.createdAt;
  }

  /** The first look comes before anything is claimed. One that fails is told by those that follow. */
  async onApplicationBootstrap(): Promise<void> {
    void this.followConnection();
    await this.check().catch(() => undefined);
    this.loop.start(this.isUsable ? LOOK_EVERY_MS : LOOK_AGAIN_MS);
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /**
   * Looks at the stream as it is after this call; one look serves all who ask while another is under way.
   * @throws where bus or database do not answer
   */
  check(): Promise<void> {
    this.next ??= (async () => {
      await this.underWay;
      this.next = undefined;
      const work = this.compare();
      this.underWay = work.catch(() => undefined);
      await work;
    })();
    return this.next;
  }

  /** The last message on a subject; undefined where there is none. @throws where the bus does not answer */
  async lastMessage(subject: string): Promise<{ messageId: string; sequence: number } | undefined> {
    const manager = await this.streamManager();
    try {
      const message = await manager.streams.getMessage(EVENT_STREAM.name, { last_by_subj: subject });
      return { messageId: message.header.get('Nats-Msg-Id'), sequence: message.seq };
    } catch (error) {
      if (apiErrorOf(error) === NO_MESSAGE_FOUND) return undefined;
      throw error;
    }
  }

  /** While the bus is away nothing is claimed, and what comes back may be another stream. */
  private async followConnection(): Promise<void> {
    for await (const status of this.bus.connection.status()) {
      if (status.type === 'disconnect') this.isUsable = false;
      if (status.type === 'reconnect') this.loop.wake();
    }
  }

  /**
   * What is on record is read first: whoever compared a stream's time that it had read before another relay replaced
   * the record would put the old one back.
   */
  private async compare(): Promise<void> {
    const before = await readBusStream(this.database.manager, EVENT_STREAM.name);
    const now = await this.createdOnBus();
    if (before !== now) {
      const replaced = await this.database.transaction('READ COMMITTED', (manager) =>
        replaceBusStream(manager, EVENT_STREAM.name, { before, now }),
      );
      if (replaced && before !== undefined) {
        this.logger.warn(
          { stream: EVENT_STREAM.name, created: now },
          'stream is a new one: sending again what is not settled',
        );
      }
    }
    this.createdAt = now;
    if (!this.bus.connection.isClosed()) this.isUsable = true;
  }

  private async createdOnBus(): Promise<string> {
    const manager = await this.streamManager();
    try {
      return (await manager.streams.info(EVENT_STREAM.name)).created;
    } catch (error) {
      if (apiErrorOf(error) !== STREAM_NOT_FOUND) throw error;
    }
    const { created } = await manager.streams.add(configuration(this.config.streamReplicas));
    this.logger.info({ stream: EVENT_STREAM.name, created }, 'stream made');
    return created;
  }

  /** `checkAPI: false`: a relay may not ask for the account's limits. */
  private streamManager(): Promise<JetStreamManager> {
    this.manager ??= this.bus.connection.jetstreamManager({ checkAPI: false, timeout: ANSWER_WITHIN_MS });
    this.manager.catch(() => (this.manager = undefined));
    return this.manager;
  }
}

/** JetStream's own code of a refusal; undefined for any other error. */
export const apiErrorOf = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined;
