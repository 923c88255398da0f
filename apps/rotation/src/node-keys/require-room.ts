import { MAX_REVOCATIONS, problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** The rest is for what somebody revokes: that is never refused. */
export const MOST_ENDED_KEYS = Math.floor(0.9 * MAX_REVOCATIONS);

/**
 * How many keys the bus' list has that must stay in it: each of them once, since of several revocations the last one counts.
 * Removed Nodes' leave first. No more are counted than matter.
 */
export const COUNT_STAYING = `
  SELECT count(*)::int AS count FROM (
    SELECT DISTINCT public_key FROM ring.bus_revocation
     WHERE kind <> 'node' AND (expires_at IS NULL OR expires_at >= clock_timestamp()) LIMIT ${MOST_ENDED_KEYS}
  ) AS staying`;

/** For how many keys that end by a change it has room now. */
export async function roomFor(manager: EntityManager): Promise<number> {
  const [{ count }] = await manager.query<[{ count: number }]>(COUNT_STAYING);
  return MOST_ENDED_KEYS - count;
}

/** For what would enter the list. @throws Problem revocationListFull, and nothing has changed */
export async function requireRoom(manager: EntityManager): Promise<void> {
  if ((await roomFor(manager)) === 0) throw problem('revocationListFull');
}

/** So many of one Node's, that is: whoever changes its key without end fills the list for nobody else. */
export const MOST_OF_ONE_NODE = 250;

/** @throws Problem tooOften, with the seconds until the key that was so many changes ago has left the list */
export async function requireRoomOfNode(manager: EntityManager, nodeId: string, generation: number): Promise<void> {
  const [row] = await manager.query<{ seconds: number }[]>(
    `SELECT ceil(extract(epoch FROM tokens_until - clock_timestamp()))::int AS seconds
       FROM ring.node_key WHERE node_id = $1 AND generation = $2 AND tokens_until > clock_timestamp()`,
    [nodeId, generation - MOST_OF_ONE_NODE],
  );
  if (row !== undefined) throw problem('tooOften', { retry_after: row.seconds });
}
