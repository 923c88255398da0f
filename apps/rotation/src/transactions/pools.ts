import type { Provider } from '@nestjs/common';
import { closedLast, type Logger } from '@plexsphere/service-kit';
import { openDatabase, storeOptions } from '@plexsphere/store';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { RotationConfig } from '../rotation-config';

/** Injection token of the pool that leases are renewed on: renewals must not queue behind requests that wait for a lock. */
export const LEASE_DATABASE = Symbol('leases');

/** Injection token of the pool whose connections may wait for a lock, for as long as its lock_timeout. */
export const WAITING_DATABASE = Symbol('waiting');

/** As many scopes may be waited for at once, by one replica. */
export const WAITING_CONNECTIONS = 6;

export const waitingOptions = (url: string | (() => string), applicationName = 'rotation-waiting'): DataSourceOptions =>
  storeOptions(url, applicationName, WAITING_CONNECTIONS);

/** Those that a replica works on. */
export interface Pools {
  database: DataSource;
  leases: DataSource;
  waiting: DataSource;
}

/** A database that is down at boot is waited for: readiness says so meanwhile. @throws Problem databaseFormat */
export async function openPools({ databaseUrl }: RotationConfig, logger: Logger): Promise<Pools> {
  const open = (options: DataSourceOptions): Promise<DataSource> =>
    openDatabase(options, (reason) => logger.warn({ reason }, 'database not reachable yet'));
  return {
    database: await open(storeOptions(databaseUrl, 'rotation')),
    leases: await open(storeOptions(databaseUrl, 'rotation-leases')),
    waiting: await open(waitingOptions(databaseUrl)),
  };
}

export const poolProviders = ({ database, leases, waiting }: Pools): Provider[] => [
  ...closedLast(DataSource, database),
  ...closedLast(LEASE_DATABASE, leases),
  ...closedLast(WAITING_DATABASE, waiting),
];
