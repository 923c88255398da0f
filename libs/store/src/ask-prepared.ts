import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { Prepared } from './prepared';

/** Outside of any transaction, on whichever connection is free. @throws what the driver throws */
export async function askPrepared<Row extends object>(
  database: DataSource,
  question: Prepared,
  values: readonly unknown[],
): Promise<Row[]> {
  const { master } = database.driver as unknown as { master: Pool };
  const { rows } = await master.query<Row>({ ...question, values: [...values] });
  return rows;
}
