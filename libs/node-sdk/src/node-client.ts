/** A mesh Node on the bus: its trust store, its connection, and the session between them. */
import { within } from './back-off';
import { BusConnection } from './bus-connection';
import type { Enrolment } from './enrolment';
import { noCounts, silent, type Counts, type Handler, type Logger, type NodeObserver } from './node-observer';
import { NodeSession } from './node-session';
import { streamMessage } from './stream-message';
import { TrustStore } from './trust-store';
import type { TrustState } from './trust-state';

export interface NodeClientOptions extends NodeObserver {
  enrolment: Enrolment;
  /** A folder of this Node's own; made where it is missing. */
  storeDir: string;
  handler: Handler;
  /** Insists on a bus that is neither TLS nor on this machine: the credential travels in the clear. */
  allowPlaintextBus?: boolean;
  logger?: Logger;
  now?: () => Date;
}

/** A third of the time after which a silent Node counts as offline. */
const SIGN_OF_LIFE_MS = 60_000;
/** How long stop() waits for the application's handler. An event given up on is handed over again at the next start. */
const STOP_PATIENCE_MS = 10_000;

interface Running {
  store: TrustStore;
  session: NodeSession;
  bus: BusConnection;
  life: NodeJS.Timeout;
  stopping: AbortController;
  ended: Promise<void>;
}

export class NodeClient {
  private running: Running | undefined;

  constructor(private readonly options: NodeClientOptions) {}

  /**
   * Opens the trust store and goes on connecting until stop(); a bus that is away is no error.
   * @throws TrustStoreError; BusClientError where the credential must not be shown to that bus; what the file system
   * throws.
   */
  async start(): Promise<void> {
    if (this.running !== undefined) throw new Error('a NodeClient is started once at a time');
    const { enrolment, storeDir } = this.options;
    const store = await TrustStore.open(storeDir, enrolment);
    try {
      this.run(store);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** Resolves when a relay has answered for the first time since start(). */
  async ready(): Promise<void> {
    await this.started().session.ready;
  }

  /** Waits until what the handler has finished is on the disk and told, 10 s at most for the handler. */
  async stop(): Promise<void> {
    const { running } = this;
    if (running === undefined) return;
    this.running = undefined;
    const { session, bus, stopping, store } = running;
    clearInterval(running.life);
    session.stop();
    stopping.abort();
    await within(STOP_PATIENCE_MS, session.idle());
    await session.end();
    await bus.close();
    await within(STOP_PATIENCE_MS, running.ended);
    store.close();
  }

  /** What was counted since start(). */
  get counts(): Counts {
    return this.running?.session.counts ?? noCounts();
  }

  /** What the Node holds, as far as it was decided; the disk may be one write behind. */
  get state(): TrustState {
    return this.started().session.state;
  }

  private run(store: TrustStore): void {
    const { enrolment, handler, allowPlaintextBus, logger = silent, now = () => new Date() } = this.options;
    const stopping = new AbortController();
    const session: NodeSession = new NodeSession({
      state: store.opened,
      handler,
      save: (state) => store.save(state),
      sayHello: (hello) => bus.sayHello(hello),
      acknowledge: (ack) => bus.acknowledge(ack),
      observer: this.options,
      logger,
      now,
    });
    const bus = new BusConnection({
      enrolment,
      allowPlaintextBus,
      logger,
      signal: stopping.signal,
      onConnected: () => session.connected(),
      onDisconnected: () => session.disconnected(),
      onRefused: (refused) => this.options.onBusRefused?.(refused),
      now,
      onMessage: (message) => session.take(streamMessage(message)),
    });
    const life = setInterval(() => session.acknowledge(), SIGN_OF_LIFE_MS);
    this.running = { store, session, bus, life, stopping, ended: bus.run() };
  }

  private started(): Running {
    if (this.running === undefined) throw new Error('the NodeClient has not been started');
    return this.running;
  }
}
