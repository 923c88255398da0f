import type { Prepared } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';

interface Connection {
  query<Row>(statement: string | { name: string; text: string; values: unknown[] }): Promise<{ rows: Row[] }>;
}

/**
 * A plan is made for the tables as they are, and kept: one that was made for a few Nodes may be a bad one for very many.
 * Whatever takes longer than this, in milliseconds, is planned anew the next time, which costs a twentieth of it.
 */
const WORTH_A_PLAN_MS = 100;

/** On these a statement failed, as one does that takes too long: its plan goes first, since it could fail for ever. */
const inDoubt = new WeakSet<Connection>();

/** In the caller's transaction, a statement that is planned once a connection. */
export async function planOnce<Row>(manager: EntityManager, statement: Prepared, values: unknown[]): Promise<Row[]> {
  const connection = (await manager.queryRunner?.connect()) as Connection;
  if (inDoubt.delete(connection)) await connection.query('DISCARD PLANS');
  const beganAt = performance.now();
  try {
    return (await connection.query<Row>({ ...statement, values })).rows;
  } catch (error) {
    inDoubt.add(connection);
    throw error;
  } finally {
    if (performance.now() - beganAt > WORTH_A_PLAN_MS) inDoubt.add(connection);
  }
}
