import type { Prepared } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';

interface Connection {
  query<Row>(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: Row[] }>;
}

/** In the caller's transaction, a statement that each connection plans once. */
export async function runPrepared<Row>(manager: EntityManager, statement: Prepared, values: unknown[]): Promise<Row[]> {
  const connection = (await manager.queryRunner?.connect()) as Connection;
  return (await connection.query<Row>({ ...statement, values })).rows;
}
