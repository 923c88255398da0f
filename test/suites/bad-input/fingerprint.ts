import type { World } from '../../src/world';

/** Tables that live by themselves: leases are renewed, refusals counted, a token's last use is noted, the stream's sight is kept. */
const ALIVE = ['ring.lease', 'ring.refusal', 'ring.operator', 'outbox.bus_stream'];

/** What the database holds, in one line a table: the same before and after whatever was refused. */
export async function fingerprint(world: World): Promise<Record<string, string>> {
  const tables = await world.query<{ name: string }>(
    `SELECT schemaname || '.' || tablename AS name FROM pg_tables
      WHERE schemaname IN ('ring', 'outbox', 'material') ORDER BY 1`,
  );
  const hashes: Record<string, string> = {};
  for (const { name } of tables.filter((table) => !ALIVE.includes(table.name))) {
    const [row] = await world.query<{ hash: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS hash FROM ${name} AS t`,
    );
    hashes[name] = row?.hash ?? '';
  }
  return hashes;
}
