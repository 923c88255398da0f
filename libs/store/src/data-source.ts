import { DataSource, type DataSourceOptions } from 'typeorm';
import * as outbox from './entities/outbox';
import * as ring from './entities/ring';
import { STORE_FORM } from './format';
import { freshClient } from './fresh-client';
import { grantStore } from './grants';

export const entities = [...Object.values(ring), ...Object.values(outbox)];

/**
 * How a service opens its pool. A paused or cut-off holder must never block a scope for more than seconds, so the
 * server itself ends what waits for a lock, runs, or idles in a transaction for longer. A URL that is a function is asked
 * for each new connection.
 */
export const storeOptions = (url: string | (() => string), applicationName: string): DataSourceOptions => ({
  type: 'postgres',
  url: typeof url === 'string' ? url : url(),
  applicationName,
  entities,
  synchronize: false,
  extra: {
    ...(typeof url === 'string' ? {} : { Client: freshClient(url) }),
    max: 10,
    lock_timeout: 5_000,
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 5_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  },
});

/**
 * Applies what is missing, all in one transaction, and then the grants, under the owner's URL. Returns the names of the
 * migrations that it applied.
 * @throws Problem databaseFormat
 */
export async function migrateStore(ownerUrl: string): Promise<string[]> {
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    applicationName: 'plexsphere-migrate',
    migrations: STORE_FORM.migrations,
    migrationsTableName: 'store_migration',
    migrationsTransactionMode: 'all',
  });
  await source.initialize();
  try {
    await STORE_FORM.refuseOther(source);
    const applied = await source.runMigrations();
    await grantStore(source);
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}
