/** A mesh Node: its trust store, what carries its stream, and the session between them. */
import { BusClientError } from '@plexsphere/bus-client';
import { within } from './back-off';
import { performance } from 'node:perf_hooks';
import type { BeforeProof, ChannelMember } from './member/channel-member';
import { Membership } from './member/membership';
import { RunningMember, type RunningMemberOptions } from './member/running-member';
import { BusConnection } from './transport/bus-connection';
import type { Enrolment } from './enrolment/enrolment';
import { HttpTransport } from './transport/http-transport';
import {
  noCounts,
  silent,
  type Counts,
  type Handler,
  type Logger,
  type NodeObserver,
  type Trusts,
} from './node-observer';
import { NodeSdkError } from './node-sdk-error';
import { NodeSession } from './session/node-session';
import type { Transport, TransportOptions } from './transport/transport';
import { TrustStore } from './store/trust-store';

/** What a `NodeClient` needs, and what it tells. */
export interface NodeClientOptions extends NodeObserver {
  /** From `readEnrolment`. */
  enrolment: Enrolment;
  /** A folder of this Node's own; made where it is missing. On a disk that outlives the process. */
  storeDir: string;
  /** Applies an event. */
  handler: Handler;
  /** Of a channel's member that is a sink, and there it has to be. */
  beforeProof?: BeforeProof;
  /**
   * Of a Node with a key of its own, on the bus: it was told to ask what is due. Proves nothing, and may come twice. A token
   * without the right to hear it has the bus refuse the subscription, and nothing else.
   */
  onOrder?: () => void;
  /** Insists on a bus, or gateways, that are neither TLS nor on this machine: the credential travels in the clear. */
  allowPlaintext?: boolean;
  /** Without one, nothing is said. */
  logger?: Logger;
  /** The clock that decides whether an event is fresh and a key over. For tests. */
  now?: () => Date;
}

/** A third of the time after which a silent Node counts as offline. */
const SIGN_OF_LIFE_MS = 60_000;
/** How long stop() waits for the application's handler, and for a sink. */
const STOP_PATIENCE_MS = 10_000;

interface Running {
  store: TrustStore;
  session: NodeSession;
  transport: Transport;
  member: RunningMember | undefined;
  life: NodeJS.Timeout;
  stopping: AbortController;
  ended: Promise<void>;
}

/**
 * A Node that hears its stream, verifies what it hears, follows key rotations, hands events to the application in order,
 * and acknowledges what is done.
 */
export class NodeClient {
  private running: Running | undefined;
  private readonly membership: Membership | undefined;

  constructor(private readonly options: NodeClientOptions) {
    const { channel } = options.enrolment;
    this.membership = channel && new Membership(channel.slug, channel.side);
  }

  /** The secrets that this Node shares as a channel's member; undefined where its enrolment makes it none. */
  get member(): ChannelMember | undefined {
    return this.membership;
  }

  /**
   * Opens the trust store and goes on connecting until stop(); a bus, or gateways, that are away are no error.
   * @throws NodeSdkError, before anything is dialled; what the file system throws
   */
  async start(): Promise<void> {
    if (this.running !== undefined) throw new NodeSdkError('already_started');
    const { enrolment, storeDir, beforeProof } = this.options;
    if (enrolment.channel?.sink === true && beforeProof === undefined) throw new NodeSdkError('before_proof_missing');
    const store = await TrustStore.open(storeDir, enrolment);
    try {
      this.run(store);
    } catch (error) {
      await store.close();
      throw ourError(error);
    }
  }

  /**
   * Resolves when a relay has answered for the first time since start().
   * @throws NodeSdkError `not_started`; `stopped` where stop() comes first
   */
  async ready(): Promise<void> {
    const { session, ended } = this.started();
    await Promise.race([session.ready, ended.then(() => Promise.reject(new NodeSdkError('stopped')))]);
  }

  /**
   * Waits until what the handler has finished is on the disk and told, 10 s at most for the handler; then nothing is held
   * any more, neither a connection nor the folder. An event whose handler was given up on is handed over at the next start.
   */
  async stop(): Promise<void> {
    const { running } = this;
    if (running === undefined) return;
    this.running = undefined;
    const { session, transport, member, stopping, store } = running;
    clearInterval(running.life);
    session.stop();
    member?.stop();
    stopping.abort();
    await within(STOP_PATIENCE_MS, Promise.all([session.idle(), member?.idle()]));
    await session.end();
    this.membership?.end();
    await transport.close();
    await within(STOP_PATIENCE_MS, running.ended);
    await store.close();
  }

  /**
   * Goes on by another credential of the bus (the text of a `.creds` file): a second connection hears the stream before the
   * first is given up. Nothing is missed, or handed over twice.
   * @throws NodeSdkError `not_started`, `not_on_the_bus`, `bad_credential`; `not_moved` where the bus is away or refuses: the
   * Node goes on as it was, and whenever it has to connect anew it does so by the new credential
   */
  async move(busCredential: string): Promise<void> {
    try {
      await this.started().transport.move(busCredential);
    } catch (error) {
      throw ourError(error);
    }
  }

  /** What was counted since start(); zeros while the client is not running. */
  get counts(): Counts {
    return this.running?.session.counts ?? noCounts();
  }

  /**
   * Whom the Node trusts now.
   * @throws NodeSdkError `not_started`
   */
  get trusts(): Trusts {
    return this.started().session.trusts;
  }

  /**
   * Up to where everything is settled: an event beyond it that was applied before, and not yet saved, comes again.
   * @throws NodeSdkError `not_started`
   */
  get position(): number {
    return this.started().session.state.position;
  }

  private run(store: TrustStore): void {
    const { enrolment, handler, allowPlaintext, logger = silent, now = () => new Date() } = this.options;
    const stopping = new AbortController();
    const member = this.runningMember(now, logger, {
      onOver: () => session.dropOver(),
      send: (rings) => transport.report(rings),
    });
    const session: NodeSession = new NodeSession({
      state: store.opened,
      handler,
      save: (state) => store.save(state),
      sayHello: (hello) => transport.sayHello(hello),
      acknowledge: (ack) => transport.acknowledge(ack),
      member,
      observer: this.options,
      logger,
      now,
    });
    const transport = transportOf(enrolment, {
      allowPlaintext,
      logger,
      signal: stopping.signal,
      onConnected: () => {
        session.connected();
        member?.connected();
        this.options.onConnected?.();
      },
      onDisconnected: () => {
        session.disconnected();
        this.options.onDisconnected?.();
      },
      onOrder: this.options.onOrder,
      onTurnedAway: (turnedAway) => this.options.onTurnedAway?.(turnedAway),
      now,
      onMessage: (message) => session.take(message),
    });
    const life = setInterval(() => {
      session.acknowledge();
      member?.report();
    }, SIGN_OF_LIFE_MS);
    if (member !== undefined) {
      this.membership?.begin(member);
      member.start(store.opened.rings);
    }
    this.running = { store, session, transport, member, life, stopping, ended: transport.run() };
  }

  private runningMember(
    now: () => Date,
    logger: Logger,
    { onOver, send }: Pick<RunningMemberOptions, 'onOver' | 'send'>,
  ): RunningMember | undefined {
    const { enrolment, beforeProof } = this.options;
    const { nodeId, channel } = enrolment;
    if (channel === undefined) return undefined;
    return new RunningMember({
      names: { nodeId, ...channel },
      ...{ beforeProof, logger, onOver, send },
      onChange: (scope) => this.membership?.changed(scope),
      clocks: { now, monotonicMs: () => performance.now() },
    });
  }

  private started(): Running {
    if (this.running === undefined) throw new NodeSdkError('not_started');
    return this.running;
  }
}

function ourError(error: unknown): unknown {
  const isOurs = error instanceof BusClientError && error.code !== 'nonce_refused';
  return isOurs ? new NodeSdkError(error.code, error.message) : error;
}

/** @throws BusClientError for addresses that the credential must not be shown to, or a credential that is none */
const transportOf = (enrolment: Enrolment, options: TransportOptions): Transport =>
  'gateways' in enrolment ? new HttpTransport(enrolment, options) : new BusConnection(enrolment, options);
