import type { World } from './world';

/** Tables that live by themselves: leases are renewed, refusals counted, a token's last use is noted, the stream's sight is kept. */
const ALIVE = ['ring.lease', 'ring.refusal', 'ring.operator', 'outbox.bus_stream'];

/** What a command prepares, and what it changes; Nodes that run do neither. */
export const PREPARED = ['material.wrapped_key', 'ring.prepared_key', 'ring.ring_change', 'ring.request', 'ring.audit'];

/** What the database holds, in one line a table: the same before and after whatever was refused. */
export async function fingerprint(world: World, only?: readonly string[]): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of only ?? (await tables(world))) {
    const [row] = await world.query<{ hash: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS hash FROM ${name} AS t`,
    );
    hashes[name] = row?.hash ?? '';
  }
  return hashes;
}

async function tables(world: World): Promise<string[]> {
  const rows = await world.query<{ name: string }>(
    `SELECT schemaname || '.' || tablename AS name FROM pg_tables
      WHERE schemaname IN ('ring', 'outbox', 'material') ORDER BY 1`,
  );
  return rows.map(({ name }) => name).filter((name) => !ALIVE.includes(name));
}
