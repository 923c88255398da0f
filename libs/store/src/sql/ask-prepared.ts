import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { Prepared } from './prepared';

/** A pool, or what has one. */
type Connections = Pool | Pick<DataSource, 'driver'>;

/**
 * Outside of any transaction, on whichever connection is free. `requireCaller` is for somebody who may give up while they wait
 * for one: it is called before, and again when there is one.
 * @throws what the driver throws; what `requireCaller` throws, and then nothing is asked
 */
export async function askPrepared<Row extends object>(
  database: Connections,
  question: Prepared,
  values: readonly unknown[],
  requireCaller?: () => void,
): Promise<Row[]> {
  const pool = poolOf(database);
  const query = { ...question, values: [...values] };
  if (requireCaller === undefined) return (await pool.query<Row>(query)).rows;
  requireCaller();
  const connection = await pool.connect();
  connection.on('error', lost);
  let isWhole = true;
  try {
    requireCaller();
    isWhole = false;
    const { rows } = await connection.query<Row>(query);
    isWhole = true;
    return rows;
  } finally {
    connection.off('error', lost);
    // As the pool has it: a connection on which something failed is not used again.
    connection.release(!isWhole);
  }
}

const poolOf = (database: Connections): Pool =>
  'driver' in database ? (database.driver as unknown as { master: Pool }).master : database;

/** The question on a connection that is lost fails by itself; an error that nobody hears would end the process. */
const lost = (): void => undefined;
