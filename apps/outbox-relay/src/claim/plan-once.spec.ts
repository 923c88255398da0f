import { migrateStore, storeOptions } from '@plexsphere/store';
import { eventually, testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { DataSource, type EntityManager } from 'typeorm';
import { planOnce } from './plan-once';

/** One connection, whose plans PostgreSQL tells of. */

const ROWS = 20_000;
const TEXT = 'SELECT x, pg_sleep($2::float8) FROM grown WHERE x > $1';

let database: TestDatabase;
let source: DataSource;
/** Another one for each growth: what is prepared stays with its connection. */
let name = '';
let growths = 0;

beforeAll(async () => {
  database = await testDatabase({ name: 'store', prepare: migrateStore });
  source = await new DataSource(storeOptions(database.url, 'spec')).initialize();
});

afterAll(async () => {
  await source.destroy();
  await database.drop();
});

/** A table that grows after the statement was planned; nothing but the statement's own time tells of it. */
async function afterGrowing(
  act: (manager: EntityManager) => Promise<unknown>,
): Promise<{ before: number; now: number }> {
  name = `growth_${++growths}`;
  return source.transaction(async (manager) => {
    // What comes by itself after five executions.
    await manager.query('SET LOCAL plan_cache_mode = force_generic_plan');
    await manager.query('CREATE TEMP TABLE grown (x int) ON COMMIT DROP');
    await planOnce(manager, { name, text: TEXT }, [ROWS, 0]);
    const before = await rowsExpected(manager);
    await manager.query(`INSERT INTO grown SELECT generate_series(1, $1::int)`, [ROWS]);
    await act(manager);
    return { before, now: await rowsExpected(manager) };
  });
}

/** By the plan that is kept. */
async function rowsExpected(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }[]>(
    `EXPLAIN (FORMAT JSON) EXECUTE ${name}(0, 0)`,
  );
  return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
}

test('a quick statement keeps its plan, whatever became of the tables', async () => {
  // Nothing is quick on a machine that is busy with something else.
  await eventually(
    async () => {
      const { before, now } = await afterGrowing((manager) => planOnce(manager, { name, text: TEXT }, [ROWS, 0]));
      return now === before;
    },
    { describe: 'a plan that is kept' },
  );
});

test('one that took long is planned anew the next time', async () => {
  const { before, now } = await afterGrowing(async (manager) => {
    await planOnce(manager, { name, text: TEXT }, [ROWS - 1, 0.15]);
    await planOnce(manager, { name, text: TEXT }, [ROWS, 0]);
  });
  expect(now).toBeGreaterThan(3 * before);
});

test('one that failed is planned anew, too: it may have run for too long', async () => {
  const { before, now } = await afterGrowing(async (manager) => {
    await manager.query('SAVEPOINT before');
    await expect(planOnce(manager, { name, text: TEXT }, [ROWS, 'long'])).rejects.toMatchObject({ code: '22P02' });
    await manager.query('ROLLBACK TO before');
    await planOnce(manager, { name, text: TEXT }, [ROWS, 0]);
  });
  expect(now).toBeGreaterThan(3 * before);
});
