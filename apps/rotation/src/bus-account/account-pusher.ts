import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@plexsphere/service-kit';
import { ErrorCode, NatsError, type NatsConnection } from 'nats';

/** The account's public key and the JWT that the bus should have, with its revocations. */
export interface BusAccount {
  publicKey: string;
  jwt: string;
}

const COMPARE_EVERY_MS = 60_000;
const AFTER_FAILURE_MS = 1_000;
const LOOK_UP_TIMEOUT_MS = 500;
const PUSH_TIMEOUT_MS = 2_000;

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
    if ((await this.lookUp(account.publicKey)) === account.jwt) return;
    const pushed = await this.connection.request('$SYS.REQ.CLAIMS.UPDATE', account.jwt, { timeout: PUSH_TIMEOUT_MS });
    const { error } = pushed.json<{ error?: { description?: string } }>();
    if (error !== undefined) throw new Error(`bus refused the account: ${error.description ?? 'no reason given'}`);
    this.logger.info('bus account pushed');
  }

  /** Undefined where the bus does not have the account: it leaves such a question unanswered (nats-server 2.9). */
  private async lookUp(publicKey: string): Promise<string | undefined> {
    try {
      const subject = `$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`;
      return (await this.connection.request(subject, '', { timeout: LOOK_UP_TIMEOUT_MS })).string();
    } catch (error) {
      if (error instanceof NatsError && error.code === ErrorCode.Timeout) return undefined;
      throw error;
    }
  }
}
