import type { DataSource, EntityManager } from 'typeorm';

/** All stored times are the database's clock. To the millisecond, so that what is stored and what is signed agree. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<[{ now: Date }]>(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`);
  return row.now;
}

/** Whole seconds from one time to a later one; negative where it is the earlier. */
export const secondsBetween = (from: Date, to: Date): number => Math.floor((to.getTime() - from.getTime()) / 1_000);

/**
 * One answer out of several statements that all see the same instant. READ ONLY has the database itself refuse whatever
 * would change something.
 */
export const readSnapshot = <Result>(
  database: DataSource,
  read: (manager: EntityManager, now: Date) => Promise<Result>,
): Promise<Result> =>
  database.transaction('REPEATABLE READ', async (manager) => {
    await manager.query('SET TRANSACTION READ ONLY');
    // The snapshot is taken by this first query and no later: nothing in it is younger than now, so no age is negative.
    return read(manager, await databaseNow(manager));
  });
