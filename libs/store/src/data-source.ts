import { openPool, poolOptions, type DatabaseUrl } from '@plexsphere/postgres';
import type { DataSource, DataSourceOptions } from 'typeorm';
import * as entities from './entities';
import { requireStoreFormat } from './format';
import { storeLimits } from './sql/open-connections';

/** How a service opens its pool. */
export const storeOptions = (url: DatabaseUrl, applicationName: string, max?: number): DataSourceOptions => ({
  ...poolOptions(url, applicationName, storeLimits(max)),
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
