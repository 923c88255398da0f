import type { EntityManager } from 'typeorm';

/**
 * The first statement of a transaction that changes who may come in. The account's JWT carries all revocations, so it is
 * made by one at a time: of two that were made at once, the later would lack the earlier's. Taken before any scope's
 * lock, never after. Ends with the transaction.
 */
export const lockBusAccount = (manager: EntityManager): Promise<unknown> =>
  // No scope has a space in it, so this is nobody's lock beside.
  manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('bus account', 0))`);
