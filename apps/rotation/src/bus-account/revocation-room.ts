import { MAX_REVOCATIONS } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** Of the list; the rest is for what somebody revokes, which is never refused. */
const SHARE_OF_CHANGES = 0.9;

/**
 * For how many keys and tokens that end by a Node's own change the list has room now. What may leave it first, removed Nodes,
 * takes none; the others are counted as far as there are places.
 */
export async function revocationRoom(manager: EntityManager): Promise<number> {
  const most = Math.floor(SHARE_OF_CHANGES * MAX_REVOCATIONS);
  const [row] = await manager.query<[{ taken: number }]>(
    `SELECT count(*)::int AS taken
       FROM (SELECT FROM ring.bus_revocation
              WHERE kind IN ('node_key', 'operator', 'service') AND (expires_at IS NULL OR expires_at >= clock_timestamp())
              LIMIT $1) AS entries`,
    [most],
  );
  return most - row.taken;
}
