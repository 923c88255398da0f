import type { EntityManager } from 'typeorm';
import type { ClaimKey } from './claimed-node';

export interface Release extends ClaimKey {
  /** How long nobody claims the Node, in milliseconds: after a failure that another try at once would only repeat. */
  deferMs: number;
  /** Nobody can tell the Node what it lacks: until a word says that it has taken a state, nothing is sent to it. */
  waits?: boolean;
}

const lockClaims = `
  SELECT s.node_id, d.defer_ms, d.waits FROM outbox.node_stream s
    JOIN jsonb_to_recordset($1::jsonb) AS d(node_id uuid, attempt bigint, defer_ms double precision, waits boolean)
      ON d.node_id = s.node_id AND d.attempt = s.attempt
   WHERE s.claim_owner = $2
   ORDER BY s.node_id FOR UPDATE OF s`;

/** Gives Nodes back with nothing sent to them. A claim that was lost meanwhile is not touched. */
export async function releaseClaims(
  manager: EntityManager,
  owner: string,
  releases: readonly Release[],
): Promise<void> {
  if (releases.length === 0) return;
  const rows = releases.map(({ nodeId, attempt, deferMs, waits = false }) => ({
    ...{ node_id: nodeId, attempt, defer_ms: deferMs, waits },
  }));
  await manager.query(
    `WITH mine AS (${lockClaims})
     UPDATE outbox.node_stream s
        SET claim_owner = NULL, claim_deadline = clock_timestamp() + mine.defer_ms * interval '1 ms',
            waits_since = CASE WHEN mine.waits THEN coalesce(s.waits_since, clock_timestamp()) ELSE s.waits_since END
       FROM mine WHERE s.node_id = mine.node_id`,
    [JSON.stringify(rows), owner],
  );
}

/**
 * Claims of this relay that it does not work on: all of them when it stops in order; else those that a database which was
 * away has left behind, and which nobody could take before they lapse.
 */
export async function releaseOtherClaims(
  manager: EntityManager,
  owner: string,
  workedOn: readonly string[] = [],
): Promise<number> {
  const [, released] = await manager.query<[unknown, number]>(
    `WITH mine AS (
       SELECT node_id FROM outbox.node_stream WHERE claim_owner = $1 AND node_id <> ALL($2::uuid[])
        ORDER BY node_id FOR UPDATE)
     UPDATE outbox.node_stream s SET claim_owner = NULL, claim_deadline = clock_timestamp()
       FROM mine WHERE s.node_id = mine.node_id`,
    [owner, workedOn],
  );
  return released;
}
