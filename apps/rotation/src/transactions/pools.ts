import { storeOptions } from '@plexsphere/store';
import type { DataSourceOptions } from 'typeorm';

/** The name of the pool that leases are renewed on: renewals must not queue behind requests that wait for a lock. */
export const LEASE_DATABASE = 'leases';

/** The name of the pool whose connections may wait for a lock, for as long as its lock_timeout. */
export const WAITING_DATABASE = 'waiting';

/** As many scopes may be waited for at once, by one replica. */
export const WAITING_CONNECTIONS = 6;

export function waitingOptions(url: string | (() => string), applicationName = 'rotation-waiting'): DataSourceOptions {
  const options = storeOptions(url, applicationName);
  return { ...options, extra: { ...options.extra, max: WAITING_CONNECTIONS } };
}
