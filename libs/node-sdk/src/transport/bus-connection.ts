/** The Node's connection to the bus: kept up for as long as the Node runs, whatever happens to the bus. */
import { dialOptions, readBusCredential, type BusCredential } from '@plexsphere/bus-client';
import { inboxPrefix, subjects, type Ack, type Hello } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import { ErrorCode, Events, type ConnectionOptions } from 'nats';
import { backOffMs, pause, within } from '../back-off';
import type { BusEnrolment } from '../enrolment/enrolment';
import { unanswered, type ReportAnswer } from '../member/reporter';
import type { TurnedAway } from '../node-observer';
import { NodeSdkError } from '../node-sdk-error';
import { BusLeg, reasonOf } from './bus-leg';
import type { Transport, TransportOptions } from './transport';
import { TurnedAwayWatch } from './turned-away-watch';

const FIRST_CONNECT_PAUSE_MS = 250;
/** With the jitter, so that a bus that comes back is not met by all its Nodes in one instant. */
const RECONNECT_PAUSE_MS = 500;
const RECONNECT_JITTER_MS = 500;
/** A connection that went dead silently is noticed after two unanswered pings, well before the Node counts as offline. */
const PING_INTERVAL_MS = 20_000;
const DIAL_TIMEOUT_MS = 5_000;
/** For how long a move waits for a bus that is away, or turns the Node away. */
const MOVE_PATIENCE_MS = 10_000;

const REFUSALS: readonly string[] = [
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AccountExpired,
];

/** Whether the bus turned the credential away, at the door or later; `code` is the client library's. */
export const isRefusal = (code: string): boolean => REFUSALS.includes(code);

export class BusConnection implements Transport {
  /** The leg that the Node speaks on; the stream is still taken from the one before, until that has ended. */
  private leg: BusLeg | undefined;
  private credential: BusCredential;
  private readonly watch: TurnedAwayWatch;
  private readonly dial: ConnectionOptions;
  /** Aborted where there is reason to dial at once. */
  private hurry = new AbortController();
  private readonly waiting = new Set<() => void>();
  private moving: Promise<void> = Promise.resolve();

  /** @throws BusClientError for addresses that the credential must not be shown to, or a credential that is none. */
  constructor(
    private readonly enrolment: BusEnrolment,
    private readonly options: TransportOptions,
  ) {
    this.credential = readBusCredential(enrolment.busCredential);
    this.dial = dialOf(enrolment, () => this.credential, options);
    this.watch = new TurnedAwayWatch(options.now, (turnedAway) => this.tellTurnedAway(turnedAway));
  }

  async run(): Promise<void> {
    const { signal } = this.options;
    for (let failures = 0; !signal.aborted;) {
      const leg = await this.connect();
      failures = leg === undefined ? failures + 1 : 0;
      if (leg !== undefined) await this.use(leg);
      const pauseMs = backOffMs(failures + 1, FIRST_CONNECT_PAUSE_MS) + Math.random() * RECONNECT_JITTER_MS;
      await pause(pauseMs, AbortSignal.any([signal, this.hurry.signal]));
      this.hurry = new AbortController();
    }
  }

  sayHello(hello: Hello): void {
    this.leg?.publish(subjects.nodeHello(this.enrolment.nodeId), hello);
  }

  acknowledge(ack: Ack): void {
    this.leg?.publish(subjects.nodeAck(this.enrolment.nodeId), ack);
  }

  async report(rings: ReportedRing[]): Promise<ReportAnswer> {
    return this.leg === undefined ? unanswered('no connection') : this.leg.report({ rings });
  }

  /**
   * First the new leg hears the stream, then the old one is given up: nothing is missed, and what both have heard is taken
   * once. Where there is none to leave, the next dial is by the new credential, and now.
   */
  async move(busCredential: string): Promise<void> {
    this.credential = readBusCredential(busCredential);
    const moved = this.moving.then(() => this.moveOn());
    this.moving = moved.catch(() => undefined);
    return moved;
  }

  async close(): Promise<void> {
    await this.leg?.close();
  }

  /** @throws NodeSdkError not_moved */
  private async moveOn(): Promise<void> {
    const { credential } = this;
    const first = this.leg ?? (await this.cameIn());
    if (first.credential === credential) return;
    const second = await this.dialled();
    const { losses } = first;
    await within(DIAL_TIMEOUT_MS, second.flush()).catch(() => undefined);
    if (this.leg !== first || this.options.signal.aborted) {
      // Lost meanwhile, and made anew by the new credential already, or about to be.
      await second.close();
      await this.cameIn();
      return;
    }
    if (!second.isUp || !second.isOpen) {
      await second.close();
      throw new NodeSdkError('not_moved', 'lost at once');
    }
    this.leg = second;
    first.next = second;
    this.watch.letIn();
    const isWhole = first.isUp && first.losses === losses && second.losses === 0;
    await first.retire();
    // Something may have come while the first leg was down and the second was not there yet.
    if (isWhole || this.leg !== second) return;
    this.options.onDisconnected();
    if (second.isUp) this.options.onConnected();
  }

  private async connect(): Promise<BusLeg | undefined> {
    const { logger } = this.options;
    try {
      return await this.dialLeg();
    } catch (error) {
      const reason = reasonOf(error);
      if (isRefusal(reason)) this.watch.turnedAway(reason);
      else logger.warn({ reason }, 'bus not reachable yet');
      return undefined;
    }
  }

  /** @throws NatsError */
  private async dialLeg(): Promise<BusLeg> {
    const { enrolment, credential, options } = this;
    const leg = await BusLeg.dial(this.dial, { nodeId: enrolment.nodeId, credential, onOrder: options.onOrder });
    void this.follow(leg);
    return leg;
  }

  /** @throws NodeSdkError not_moved */
  private async dialled(): Promise<BusLeg> {
    try {
      return await this.dialLeg();
    } catch (error) {
      throw new NodeSdkError('not_moved', reasonOf(error));
    }
  }

  /** @throws NodeSdkError not_moved */
  private async cameIn(): Promise<BusLeg> {
    if (this.leg !== undefined) return this.leg;
    let up: () => void = () => undefined;
    const isUp = new Promise<void>((resolve) => (up = resolve));
    this.waiting.add(up);
    this.hurry.abort();
    await within(MOVE_PATIENCE_MS, isUp);
    this.waiting.delete(up);
    if (this.leg === undefined) throw new NodeSdkError('not_moved', 'no connection');
    return this.leg;
  }

  private async use(first: BusLeg): Promise<void> {
    const { signal, onConnected, onDisconnected } = this.options;
    if (signal.aborted) return first.close();
    this.leg = first;
    this.watch.letIn();
    onConnected();
    for (const up of this.waiting) up();
    let before: BusLeg | undefined;
    for (let leg: BusLeg | undefined = first; leg !== undefined; before = leg, leg = leg.next)
      await this.take(leg, before);
    this.leg = undefined;
    onDisconnected();
    await before?.close();
  }

  private async take(leg: BusLeg, before: BusLeg | undefined): Promise<void> {
    try {
      for await (const message of leg.messages(before)) await this.options.onMessage(message);
    } catch (error) {
      this.options.logger.error({ reason: reasonOf(error) }, 'stream ended');
    }
  }

  /** Not awaited: the client never ends this sequence, not even when the connection is closed. */
  private async follow(leg: BusLeg): Promise<void> {
    for await (const { type, data } of leg.connection.status()) {
      if (type === Events.Disconnect) leg.lost();
      else if (type === Events.Reconnect) leg.isUp = true;
      if (leg !== this.leg) continue;
      if (type === Events.Disconnect) this.options.onDisconnected();
      else if (type === Events.Reconnect) this.options.onConnected();
      else if (type === Events.Error) await this.onError(leg, String(data));
    }
  }

  /** The client would dial for ever at its own pace: a bus that refuses the credential is asked with growing pauses. */
  private async onError(leg: BusLeg, reason: string): Promise<void> {
    if (!isRefusal(reason)) return this.options.logger.warn({ reason }, 'bus refused');
    this.watch.turnedAway(reason);
    await leg.connection.close().catch(() => undefined);
  }

  private tellTurnedAway(turnedAway: TurnedAway): void {
    this.options.logger.error(
      { ...turnedAway },
      'the bus does not let this Node in: removed, or its account is missing',
    );
    this.options.onTurnedAway(turnedAway);
  }
}

function dialOf(
  enrolment: BusEnrolment,
  credential: () => BusCredential,
  { allowPlaintext }: TransportOptions,
): ConnectionOptions {
  return {
    ...dialOptions({
      servers: enrolment.servers,
      credential,
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
