import { openConnections as open, type DatabaseUrl, type PoolLimits } from '@plexsphere/postgres/sql';
import type { Pool } from 'pg';
import { requireStoreFormat } from '../format';

/**
 * A paused or cut-off holder must never block a scope for more than seconds, so the server itself ends what waits for a
 * lock, runs, or idles in a transaction for longer.
 */
export const storeLimits = (max = 10): PoolLimits => ({
  max,
  statement_timeout: 10_000,
  idle_in_transaction_session_timeout: 5_000,
});

/**
 * A service's pool, opened as soon as the database lets it in; `tell` gets each new reason why it does not yet.
 * @throws Problem databaseFormat
 */
export async function openConnections(
  url: DatabaseUrl,
  applicationName: string,
  tell: (reason: string) => void,
): Promise<Pool> {
  const pool = await open(url, applicationName, storeLimits(), tell);
  await requireStoreFormat({
    query: async <T>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as T,
  });
  return pool;
}
