import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@plexsphere/service-kit';
import type { NatsConnection } from 'nats';

/** The account's public key and the JWT that the bus should have, with its revocations. */
export interface BusAccount {
  publicKey: string;
  jwt: string;
}

const COMPARE_EVERY_MS = 60_000;
const AFTER_FAILURE_MS = 1_000;
const TIMEOUT_MS = 2_000;

/**
 * Keeps the bus' copy of the mesh account what Postgres says. The bus preloads the system account only, so one that is
 * new, or has lost its disk, admits nobody before it has the account with its revocations.
 */
export class AccountPusher {
  private readonly stopping = new AbortController();

  constructor(
    private readonly connection: NatsConnection,
    private readonly readAccount: () => Promise<BusAccount>,
    private readonly logger: Logger,
  ) {}

  /** Runs until stopped: compares at once, after every reconnect, and every minute. */
  async run(): Promise<void> {
    const { signal } = this.stopping;
    void this.compareOnReconnect();
    while (!signal.aborted) {
      const waitMs = await this.compare().then(
        () => COMPARE_EVERY_MS,
        (err: unknown) => {
          if (!signal.aborted) this.logger.warn({ err }, 'bus account not compared');
          return AFTER_FAILURE_MS;
        },
      );
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.connection.close();
  }

  private async compareOnReconnect(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'reconnect') await this.compare().catch(() => undefined);
    }
  }

  private async compare(): Promise<void> {
    const account = await this.readAccount();
    const there = await this.connection.request(`$SYS.REQ.ACCOUNT.${account.publicKey}.CLAIMS.LOOKUP`, '', {
      timeout: TIMEOUT_MS,
    });
    if (there.string() === account.jwt) return;
    const pushed = await this.connection.request('$SYS.REQ.CLAIMS.UPDATE', account.jwt, { timeout: TIMEOUT_MS });
    const { error } = pushed.json<{ error?: { description?: string } }>();
    if (error !== undefined) throw new Error(`bus refused the account: ${error.description ?? 'no reason given'}`);
    this.logger.info('bus account pushed');
  }
}
