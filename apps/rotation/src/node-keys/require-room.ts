import { MAX_REVOCATIONS, problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** The rest is for what somebody revokes: that is never refused. */
export const MOST_ENDED_KEYS = Math.floor(0.9 * MAX_REVOCATIONS);

/**
 * How many keys the bus' list has that must stay in it: each of them once, since of several revocations the last one counts.
 * Removed Nodes' leave first. No more are counted than matter.
 */
export async function countStaying(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<[{ count: number }]>(
    `SELECT count(*)::int AS count FROM (
       SELECT DISTINCT public_key FROM ring.bus_revocation
        WHERE kind <> 'node' AND (expires_at IS NULL OR expires_at >= clock_timestamp()) LIMIT ${MOST_ENDED_KEYS}
     ) AS staying`,
  );
  return row.count;
}

/** For how many keys that end by a change it has room now. */
export const roomFor = async (manager: EntityManager): Promise<number> =>
  MOST_ENDED_KEYS - (await countStaying(manager));

/** For what would enter the list. @throws Problem revocationListFull, and nothing has changed */
export async function requireRoom(manager: EntityManager): Promise<void> {
  if ((await roomFor(manager)) === 0) throw problem('revocationListFull');
}
