import type { EntityManager } from 'typeorm';

/** All stored times are the database's clock. To the millisecond, so that what is stored and what is signed agree. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<[{ now: Date }]>(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`);
  return row.now;
}

/** Whole seconds from one time to a later one; negative where it is the earlier. */
export const secondsBetween = (from: Date, to: Date): number => Math.floor((to.getTime() - from.getTime()) / 1_000);
