import type { DataSource, EntityManager } from 'typeorm';
import { databaseNow } from './database-clock';

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
