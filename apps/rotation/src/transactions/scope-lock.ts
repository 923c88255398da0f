import { PLATFORM, channelDirection, problem, type Scope } from '@plexsphere/wire';
import { QueryFailedError, type EntityManager } from 'typeorm';

/** What a transaction is alone with: a scope, who has a token, or what is decided for kinds. No scope is called so. */
export type Locked = Scope | 'tokens' | 'policies';

/**
 * Exclusive: for what changes a ring, or who has a token. Shared: for what leaves the rings as they are, several in
 * their order, the platform's first, then a Domain's; `changed`, behind those, are rings that it does change, each alone.
 * Whoever takes several tries each, and lets go of all where one is not free: nobody waits with a lock in hand.
 */
export type Lock = { exclusive: Locked } | { shared: readonly Scope[]; changed?: readonly Scope[] };

/**
 * What a change of rings locks, of all of them in the order of their names. A channel's members are Nodes of the platform:
 * none comes or goes there while their ring changes.
 */
export function changing(scope: Scope, ...others: Scope[]): Lock {
  const isOfChannel = channelDirection(scope) !== undefined;
  return isOfChannel ? { shared: [PLATFORM], changed: [scope, ...others].sort() } : { exclusive: scope };
}

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
