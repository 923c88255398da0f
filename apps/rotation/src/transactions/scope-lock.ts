import { PLATFORM, problem, type Scope } from '@plexsphere/wire';
import { QueryFailedError, type EntityManager } from 'typeorm';

/** What a transaction is alone with: a scope, who has a token, or what is decided for kinds. No scope is called so. */
export type Locked = Scope | 'tokens' | 'policies';

/** Postgres: lock_not_available, which lock_timeout ends a wait with. */
const LOCK_NOT_AVAILABLE = '55P03';

/*
 * Each is the first statement of a transaction that touches a scope (after the claim of its request), so that every
 * later one (READ COMMITTED) sees what the lock's last holder committed; the lock ends with the transaction. Exclusive
 * is for whatever changes the ring; shared for publishing and for adding or removing a Node: a Node that joins meanwhile
 * is either in the fan-out or starts with the new bundle.
 */

/** False where somebody holds it exclusively or waits to (PostgreSQL refuses a try then: no crowd starves a change). */
export const tryShared = (manager: EntityManager, name: Locked): Promise<boolean> =>
  tryLock(manager, 'SELECT pg_try_advisory_xact_lock_shared(hashtextextended($1, 0)) AS mine', name);

export const tryExclusive = (manager: EntityManager, name: Locked): Promise<boolean> =>
  tryLock(manager, 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine', name);

/** Waits inside PostgreSQL, holding its connection. @throws Problem scopeBusy after the pool's lock_timeout */
export async function waitForExclusive(manager: EntityManager, name: Locked): Promise<void> {
  try {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
  } catch (error) {
    const isBusy = error instanceof QueryFailedError && error.driverError.code === LOCK_NOT_AVAILABLE;
    throw isBusy ? problem('scopeBusy') : error;
  }
}

async function tryLock(manager: EntityManager, statement: string, name: Locked): Promise<boolean> {
  const [row] = await manager.query<{ mine: boolean }[]>(statement, [name]);
  return row?.mine === true;
}

/** What adding or removing a Node locks: the platform's first, since its fan-out has every Domain's Nodes in it, too. */
export const nodeScopes = (scope: Scope): Scope[] => [...new Set([PLATFORM, scope])];
