/** The Node's connection to the bus: kept up for as long as the Node runs, whatever happens to the bus. */
import { dialOptions, readBusCredential } from '@plexsphere/bus-client';
import { headers, inboxPrefix, randomToken, subjects, type Ack, type Hello } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import { connect, ErrorCode, Events, NatsError, type ConnectionOptions, type NatsConnection } from 'nats';
import { backOffMs, pause, within } from '../back-off';
import type { BusEnrolment } from '../enrolment/enrolment';
import { ANSWERED_WITHIN_MS, unanswered, type ReportAnswer } from '../member/reporter';
import type { TurnedAway } from '../node-observer';
import { answerOf } from './report-answer';
import { streamMessage } from './stream-message';
import type { Transport, TransportOptions } from './transport';
import { TurnedAwayWatch } from './turned-away-watch';

const FIRST_CONNECT_PAUSE_MS = 250;
/** With the jitter, so that a bus that comes back is not met by all its Nodes in one instant. */
const RECONNECT_PAUSE_MS = 500;
const RECONNECT_JITTER_MS = 500;
/** A connection that went dead silently is noticed after two unanswered pings, well before the Node counts as offline. */
const PING_INTERVAL_MS = 20_000;
const DIAL_TIMEOUT_MS = 5_000;
/** While the connection is being made anew a flush waits for that; an acknowledgement is not worth as much. */
const FLUSH_PATIENCE_MS = 1_000;

const REFUSALS: readonly string[] = [
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AccountExpired,
];

/** Whether the bus turned the credential away, at the door or later; `code` is the client library's. */
export const isRefusal = (code: string): boolean => REFUSALS.includes(code);

export class BusConnection implements Transport {
  private connection: NatsConnection | undefined;
  /** Not while the client library dials anew: it keeps what is said then, and says it whenever it is in again. */
  private isUp = false;
  private readonly watch: TurnedAwayWatch;
  private readonly dial: ConnectionOptions;

  /** @throws BusClientError for addresses that the credential must not be shown to, or a credential that is none. */
  constructor(
    private readonly enrolment: BusEnrolment,
    private readonly options: TransportOptions,
  ) {
    this.dial = dialOf(enrolment, options);
    this.watch = new TurnedAwayWatch(options.now, (turnedAway) => this.tellTurnedAway(turnedAway));
  }

  async run(): Promise<void> {
    const { signal } = this.options;
    for (let failures = 0; !signal.aborted;) {
      const connection = await this.connect();
      failures = connection === undefined ? failures + 1 : 0;
      if (connection !== undefined) await this.use(connection);
      await pause(backOffMs(failures + 1, FIRST_CONNECT_PAUSE_MS) + Math.random() * RECONNECT_JITTER_MS, signal);
    }
  }

  sayHello(hello: Hello): void {
    this.publish(subjects.nodeHello(this.enrolment.nodeId), hello);
  }

  acknowledge(ack: Ack): void {
    this.publish(subjects.nodeAck(this.enrolment.nodeId), ack);
  }

  async report(rings: ReportedRing[]): Promise<ReportAnswer> {
    const { connection, enrolment } = this;
    if (connection === undefined || !this.isUp || connection.isClosed()) return unanswered('no connection');
    return ask(connection, enrolment.nodeId, { rings });
  }

  async close(): Promise<void> {
    const { connection } = this;
    // A bus that is away has nothing to be told; the next hello tells it.
    if (connection === undefined) return;
    await within(FLUSH_PATIENCE_MS, connection.flush()).catch(() => undefined);
    await connection.close().catch(() => undefined);
  }

  private async connect(): Promise<NatsConnection | undefined> {
    const { logger } = this.options;
    try {
      return await connect(this.dial);
    } catch (error) {
      const reason = reasonOf(error);
      if (isRefusal(reason)) this.watch.turnedAway(reason);
      else logger.warn({ reason }, 'bus not reachable yet');
      return undefined;
    }
  }

  private async use(connection: NatsConnection): Promise<void> {
    const { signal, onConnected, onDisconnected, onMessage, logger } = this.options;
    if (signal.aborted) return connection.close();
    this.connection = connection;
    this.isUp = true;
    this.watch.letIn();
    void this.follow(connection);
    const subscription = connection.subscribe(subjects.nodeEvents(this.enrolment.nodeId));
    onConnected();
    try {
      for await (const message of subscription) {
        await onMessage(streamMessage(message));
      }
    } catch (error) {
      logger.error({ reason: reasonOf(error) }, 'stream ended');
    }
    this.connection = undefined;
    this.isUp = false;
    onDisconnected();
    await connection.close().catch(() => undefined);
  }

  /** Not awaited: the client never ends this sequence, not even when the connection is closed. */
  private async follow(connection: NatsConnection): Promise<void> {
    for await (const { type, data } of connection.status()) {
      if (connection !== this.connection) return;
      if (type === Events.Disconnect || type === Events.Reconnect) this.isUp = type === Events.Reconnect;
      if (type === Events.Disconnect) this.options.onDisconnected();
      else if (type === Events.Reconnect) this.options.onConnected();
      else if (type === Events.Error) await this.onError(connection, String(data));
    }
  }

  /** The client would dial for ever at its own pace: a bus that refuses the credential is asked with growing pauses. */
  private async onError(connection: NatsConnection, reason: string): Promise<void> {
    if (!isRefusal(reason)) return this.options.logger.warn({ reason }, 'bus refused');
    this.watch.turnedAway(reason);
    await connection.close().catch(() => undefined);
  }

  private tellTurnedAway(turnedAway: TurnedAway): void {
    this.options.logger.error(
      { ...turnedAway },
      'the bus does not let this Node in: removed, or its account is missing',
    );
    this.options.onTurnedAway(turnedAway);
  }

  private publish(subject: string, body: object): void {
    const { connection } = this;
    if (connection === undefined || connection.isClosed()) return;
    connection.publish(subject, JSON.stringify(body));
  }
}

function dialOf(enrolment: BusEnrolment, { allowPlaintext }: TransportOptions): ConnectionOptions {
  const credential = readBusCredential(enrolment.busCredential);
  return {
    ...dialOptions({
      servers: enrolment.servers,
      credential: () => credential,
      inboxPrefix: inboxPrefix({ kind: 'node', id: enrolment.nodeId }),
      name: enrolment.name,
      ca: enrolment.busCa,
      insecure: allowPlaintext,
    }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    timeout: DIAL_TIMEOUT_MS,
    // The bus refuses every Node while it has not been given the account yet: after it lost its disk, say.
    ignoreAuthErrorAbort: true,
  };
}

/** To an inbox of its own, and by a token that nobody can name who has seen others. */
async function ask(connection: NatsConnection, nodeId: string, body: object): Promise<ReportAnswer> {
  try {
    const reply = await connection.request(subjects.nodeChannel(nodeId), JSON.stringify(body), {
      timeout: ANSWERED_WITHIN_MS,
      noMux: true,
      reply: `${inboxPrefix({ kind: 'node', id: nodeId })}.${randomToken()}`,
    });
    return answerOf(reply.string(), reply.headers?.get(headers.errorCode) || undefined);
  } catch (error) {
    return unanswered(reasonOf(error));
  }
}

const reasonOf = (error: unknown): string => (error instanceof NatsError ? error.code : String(error));
