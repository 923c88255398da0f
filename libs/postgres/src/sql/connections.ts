import { setTimeout as delay } from 'node:timers/promises';
import { Client, Pool, type ClientConfig } from 'pg';

/** One that is a function is asked anew for each new connection. */
export type DatabaseUrl = string | (() => string);

/** What the server ends by itself, in milliseconds, and how many connections a pool has. */
export interface PoolLimits {
  max: number;
  statement_timeout: number;
  idle_in_transaction_session_timeout?: number;
}

/**
 * What loops ask now and then side by side finds the connection of the last time. At the library's 10 s it hardly ever did, and a
 * new one, with its password and its plans, costs both sides as much as forty of those questions.
 */
const IDLE_FOR_MS = 300_000;
/**
 * So long nothing is heard before the system looks whether the other end is there: by itself it does after two hours. What lies
 * between (a NAT, a balancer) forgets a connection that says nothing in less than those minutes, without a word, and whoever
 * asks on it then waits for a quarter of an hour.
 */
const LOOK_AFTER_MS = 30_000;

/** What the driver is told of each connection, beside the URL. */
export const driverOptions = (url: DatabaseUrl, limits: PoolLimits) => ({
  ...(typeof url === 'string' ? {} : { Client: freshClient(url) }),
  lock_timeout: 5_000,
  connectionTimeoutMillis: 5_000,
  idleTimeoutMillis: IDLE_FOR_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: LOOK_AFTER_MS,
  ...limits,
});

/** So that a password that was replaced in a file counts without a restart: the pool keeps the URL of its making. */
const freshClient = (url: () => string): typeof Client =>
  class extends Client {
    constructor(config: ClientConfig = {}) {
      super({ ...config, connectionString: url() });
    }
  };

/** The URL as it is now. */
export const urlOf = (url: DatabaseUrl): string => (typeof url === 'string' ? url : url());

const TRY_AGAIN_MS = 500;
export const CONNECTION_LOST = 'connection lost';

/**
 * What `open` opens, as soon as the database lets it in. `tell` gets each new reason why it does not yet: an SQLSTATE, or
 * what the socket says.
 * @throws what opening threw, where `isNotNow` says that waiting does not help
 */
export async function onceLetIn<Opened>(
  open: () => Promise<Opened>,
  tell: (reason: string) => void,
  isNotNow: (reason: string) => boolean = () => true,
): Promise<Opened> {
  for (let told: string | undefined; ; await delay(TRY_AGAIN_MS)) {
    try {
      return await open();
    } catch (error) {
      const reason = reasonOf(error);
      if (!isNotNow(reason)) throw error;
      if (reason !== told) tell(reason);
      told = reason;
    }
  }
}

/** A driver's message may name what nobody else is to read. Without a code it is a connection that broke or timed out. */
function reasonOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : CONNECTION_LOST;
}

/** A pool that has been let in. `tell`: as `onceLetIn` has it. */
export async function openConnections(
  url: DatabaseUrl,
  applicationName: string,
  limits: PoolLimits,
  tell: (reason: string) => void,
): Promise<Pool> {
  const pool = new Pool({
    connectionString: urlOf(url),
    application_name: applicationName,
    ...driverOptions(url, limits),
  });
  // Of one that is lost while nobody asks on it: the pool has put it away by then, and the next question opens another.
  pool.on('error', () => undefined);
  await onceLetIn(async () => (await pool.connect()).release(), tell);
  return pool;
}
