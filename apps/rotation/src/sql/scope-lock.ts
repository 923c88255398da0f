import type { EntityManager } from 'typeorm';

/**
 * The first statement of a transaction that touches a scope, so that every later one (READ COMMITTED) sees what the
 * lock's last holder committed. `exclusive` is for whatever changes the ring; `shared` for publishing and for adding a
 * Node: a Node that joins meanwhile is either in the fan-out or starts with the new bundle.
 *
 * Ends with the transaction. Waiting longer than the pool's lock_timeout is ABORTED to the caller (`scope busy`).
 */
export async function lockScope(manager: EntityManager, scope: string, mode: 'exclusive' | 'shared'): Promise<void> {
  const suffix = mode === 'shared' ? '_shared' : '';
  await manager.query(`SELECT pg_advisory_xact_lock${suffix}(hashtextextended($1, 0))`, [scope]);
}
