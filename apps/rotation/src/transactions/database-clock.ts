import type { EntityManager } from 'typeorm';

/** All stored times are the database's clock. To the millisecond, so that what is stored and what is signed agree. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<[{ now: Date }]>(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`);
  return row.now;
}
