import { openPool, poolOptions, type DatabaseUrl } from '@plexsphere/postgres';
import type { DataSource, DataSourceOptions } from 'typeorm';
import * as entities from './entities';
import { requireStoreFormat } from './format';

/**
 * How a service opens its pool. A paused or cut-off holder must never block a scope for more than seconds, so the
 * server itself ends what waits for a lock, runs, or idles in a transaction for longer.
 */
export const storeOptions = (url: DatabaseUrl, applicationName: string, max = 10): DataSourceOptions => ({
  ...poolOptions(url, applicationName, {
    max,
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 5_000,
  }),
  entities,
});

/**
 * A pool of a service's, opened as soon as the database lets it in; `tell` gets each new reason why it does not yet.
 * @throws Problem databaseFormat
 */
export async function openDatabase(options: DataSourceOptions, tell: (reason: string) => void): Promise<DataSource> {
  const database = await openPool(options, tell);
  await requireStoreFormat(database);
  return database;
}
