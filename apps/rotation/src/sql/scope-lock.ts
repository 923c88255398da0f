import { problem } from '@plexsphere/wire';
import { QueryFailedError, type EntityManager } from 'typeorm';

/** Postgres: lock_not_available, which lock_timeout ends a wait with. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * The first statement of a transaction that touches a scope, so that every later one (READ COMMITTED) sees what the
 * lock's last holder committed. `exclusive` is for whatever changes the ring; `shared` for publishing and for adding a
 * Node: a Node that joins meanwhile is either in the fan-out or starts with the new bundle.
 *
 * Ends with the transaction.
 * @throws Problem scopeBusy after the pool's lock_timeout
 */
export async function lockScope(manager: EntityManager, scope: string, mode: 'exclusive' | 'shared'): Promise<void> {
  const suffix = mode === 'shared' ? '_shared' : '';
  try {
    await manager.query(`SELECT pg_advisory_xact_lock${suffix}(hashtextextended($1, 0))`, [scope]);
  } catch (error) {
    const isBusy = error instanceof QueryFailedError && error.driverError.code === LOCK_NOT_AVAILABLE;
    throw isBusy ? problem('scopeBusy') : error;
  }
}
