/** What work really read of tables, as PostgreSQL counts it: time says nothing on a busy machine, rows do. */
import type { Query } from './seed-ring';

/** Rows that were gone over one after the other, and rows that an index led to. */
export interface Reads {
  scanned: number;
  fetched: number;
}

const READ = `
  SELECT relname AS name, seq_tup_read::float8 AS scanned, coalesce(idx_tup_fetch, 0)::float8 AS fetched
    FROM pg_stat_user_tables`;

/** By table. `work` must end the connections that it uses: what one has read is counted at its end at the latest. */
export async function readsOf(query: Query, work: () => Promise<unknown>): Promise<Map<string, Reads>> {
  const before = await reads(query);
  await work();
  const after = await reads(query);
  return new Map(
    [...after].map(([name, { scanned, fetched }]) => {
      const was = before.get(name) ?? { scanned: 0, fetched: 0 };
      return [name, { scanned: scanned - was.scanned, fetched: fetched - was.fetched }];
    }),
  );
}

async function reads(query: Query): Promise<Map<string, Reads>> {
  // What was read before within one transaction would be shown again.
  await query('SELECT pg_stat_clear_snapshot()', []);
  const rows = (await query(READ, [])) as (Reads & { name: string })[];
  return new Map(rows.map(({ name, ...each }) => [name, each]));
}
