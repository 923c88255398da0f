import { Loop, type Logger } from '@plexsphere/service-kit';
import { accountSubjects } from '@plexsphere/wire';
import { ErrorCode, Events, NatsError, type NatsConnection } from 'nats';

/** The account's public key and the JWT that the bus should have, with its revocations. */
interface BusAccount {
  publicKey: string;
  jwt: string;
}

/** What Postgres has. The revision is another one for each JWT, so that looking costs no half megabyte. */
export interface StoredAccount {
  read(): Promise<BusAccount & { revision: string }>;
  revision(): Promise<string>;
}

/** How often Postgres is looked at: what another replica has stored and could not push is pushed after this. */
const LOOK_EVERY_MS = 1_000;
/** What was heard of it counts so long: longer than it takes to hear of it again. */
const HEARD_FOR_MS = 2_500;
const COMPARE_EVERY_MS = 60_000;
const LOOK_UP_TIMEOUT_MS = 500;
const PUSH_TIMEOUT_MS = 2_000;

/**
 * Keeps the bus' copy of the mesh account what Postgres says. The bus preloads the system account only, so one that is
 * new, or has lost its disk, admits nobody before it has the account with its revocations.
 */
export class AccountPusher {
  private readonly loop: Loop;
  private comparing: Promise<void> = Promise.resolve();
  /** The revision that the bus had when it was last compared. */
  private known: string | undefined;
  private comparedAt = -Infinity;
  private heard = { revision: '', atMs: -Infinity };
  /** How long the server last looked at what it was given; one that does not answer at all looks at it still. */
  pushTookMs = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly stored: StoredAccount,
    private readonly logger: Logger,
  ) {
    const turn = () => this.look();
    this.loop = new Loop({ turn, everyMs: LOOK_EVERY_MS, failure: 'bus account not compared', logger });
  }

  /** Until it is stopped, compares at once, after every reconnect, when Postgres has another JWT, and every minute. */
  start(): void {
    void this.compareOnReconnect();
    this.loop.start();
  }

  /** A turn that is under way ends with its connection. */
  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    await this.connection.close();
    await stopped;
  }

  /** Now; after one that is under way, which may have read what was there before. */
  compare(): Promise<void> {
    const turn = this.comparing.then(() => this.compareOnce());
    this.comparing = turn.catch(() => undefined);
    return turn;
  }

  /** Whoever looks at Postgres anyhow tells which revision it has: then it is not looked at once more from here. */
  heardOf(revision: string): void {
    this.heard = { revision, atMs: performance.now() };
    if (revision !== this.known) this.loop.wake();
  }

  private async look(): Promise<void> {
    const isDue = performance.now() - this.comparedAt >= COMPARE_EVERY_MS;
    if (isDue || (await this.revision()) !== this.known) await this.compare();
  }

  private async revision(): Promise<string> {
    const { revision, atMs } = this.heard;
    return performance.now() - atMs < HEARD_FOR_MS ? revision : this.stored.revision();
  }

  private async compareOnReconnect(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === Events.Reconnect) await this.compare().catch(() => undefined);
    }
  }

  private async compareOnce(): Promise<void> {
    this.known = undefined;
    let account = await this.stored.read();
    let found = await this.lookUp(account.publicKey);
    while (found !== account.jwt) {
      await this.push(account);
      found = account.jwt;
      // Read again: while we pushed this one a replica may have stored and pushed a later one, and ours came on top.
      account = await this.stored.read();
    }
    this.known = account.revision;
    // What was heard before says the one that this one replaced.
    this.heard.revision = account.revision;
    this.comparedAt = performance.now();
  }

  private async push({ publicKey, jwt }: BusAccount): Promise<void> {
    const { push } = accountSubjects(publicKey);
    const pushedAt = performance.now();
    const pushed = await this.connection
      .request(push, jwt, { timeout: PUSH_TIMEOUT_MS })
      .finally(() => (this.pushTookMs = performance.now() - pushedAt));
    const { error } = pushed.json<{ error?: { description?: string } }>();
    if (error !== undefined) throw new Error(`bus refused the account: ${error.description ?? 'no reason given'}`);
    this.logger.info('bus account pushed');
  }

  /** Undefined where the bus does not have the account: it leaves such a question unanswered (nats-server 2.9). */
  private async lookUp(publicKey: string): Promise<string | undefined> {
    try {
      const { lookUp } = accountSubjects(publicKey);
      return (await this.connection.request(lookUp, '', { timeout: LOOK_UP_TIMEOUT_MS })).string();
    } catch (error) {
      if (error instanceof NatsError && error.code === ErrorCode.Timeout) return undefined;
      throw error;
    }
  }
}
