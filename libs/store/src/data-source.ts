import { openPool, poolOptions, type DatabaseUrl } from '@plexsphere/postgres';
import type { DataSource, DataSourceOptions } from 'typeorm';
import * as entities from './entities';
import { requireStoreFormat } from './format';

/**
 * How a service opens its pool. A paused or cut-off holder must never block a scope for more than seconds, so the
 * server itself ends what waits for a lock, runs, or idles in a transaction for longer.
 */
export const storeOptions = (url: DatabaseUrl, applicationName: string): DataSourceOptions => ({
  ...poolOptions(url, applicationName, {
    max: 10,
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 5_000,
  }),
  entities,
});

/**
 * A small pool of a service's, opened as soon as the database lets it in; `tell` gets each new reason why it does not yet.
 * @throws Problem databaseFormat
 */
export async function openDatabase(
  url: () => string,
  applicationName: string,
  tell: (reason: string) => void,
): Promise<DataSource> {
  const options = storeOptions(url, applicationName);
  const database = await openPool({ ...options, extra: { ...options.extra, max: 1 } } as DataSourceOptions, tell);
  await requireStoreFormat(database);
  return database;
}
