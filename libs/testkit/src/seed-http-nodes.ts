/**
 * Nodes over HTTP in any number, by SQL: to register 100,000 of them through their door takes an hour. Each is as one that has
 * registered, taken its first state and been answered: it holds what its ring is at, and its last id is 1. Its bearer token is
 * made from its id, so that nobody has to keep them.
 */
import { createHash } from 'node:crypto';
import type { Query } from './seed-ring';

/** In 100.64.0.0/10 from its upper half on, where no Node that registers is put before two million others. */
const FIRST_ADDRESS = '100.96.0.0';
const KEY = 'cVd1pW5qVh2rBr2v0YAmnM2ZrYdLXcPlxRjRkJ7Xw0I=';

const BEARER = (id: string): string => `md5('bearer of ' || ${id})`;

const INSERT = `
  WITH fresh AS (
    SELECT i, gen_random_uuid() AS id FROM generate_series($2::int, $2::int + $3::int - 1) i
  ),
  made AS (
    INSERT INTO ring.node (id, scope, name, bearer_hash, mesh_ip, wireguard_key, wireguard_key_since)
    SELECT id, $1, 'seeded-' || i, sha256(convert_to(${BEARER('id')}, 'UTF8')), '${FIRST_ADDRESS}'::inet + i, '${KEY}',
           date_trunc('milliseconds', now())
      FROM fresh RETURNING id
  )
  INSERT INTO outbox.node_stream (node_id, scope, listens, told_epoch, told_platform_epoch, settled_epoch,
    settled_platform_epoch, settled_position, last_position, ready_epoch, ready_position, ready_at, told_since, called_at,
    first_seen_at, last_seen_at)
  SELECT made.id, $1, 'go', r.trust_epoch, p.trust_epoch, r.trust_epoch, p.trust_epoch, 1, 1, r.trust_epoch, 1, now(),
         ARRAY[r.trust_epoch], now(), now(), now()
    FROM made, ring.key_ring r, ring.key_ring p WHERE r.scope = $1 AND p.scope = 'platform'
  RETURNING node_id AS id`;

/** As the database's owner; returns their ids. `from`: a number that none of those before has. */
export async function seedHttpNodes(query: Query, scope: string, from: number, count: number): Promise<string[]> {
  const rows = (await query(INSERT, [scope, from, count])) as { id: string }[];
  return rows.map(({ id }) => id);
}

/** Of a seeded Node. */
export const bearerOf = (nodeId: string): string => createHash('md5').update(`bearer of ${nodeId}`).digest('hex');
