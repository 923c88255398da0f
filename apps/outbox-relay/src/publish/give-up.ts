import type { EntityManager } from 'typeorm';
import type { ClaimKey } from '../claim/claimed-node';

/**
 * An event that nobody will ever sign counts as expired. Its position is no hole: a resync stands there, as for all that
 * expired. A Node that cannot acknowledge goes by no order of positions, and misses none.
 */
const GIVE_UP = `
  WITH mine AS (
    SELECT node_id, scope, listens FROM outbox.node_stream
     WHERE node_id = $1 AND attempt = $2 AND claim_owner = $3 FOR UPDATE
  ),
  gone AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'expired', settled_at = clock_timestamp()
      FROM mine WHERE m.id = $4 AND CASE m.state WHEN 'unsent' THEN m.node_id = mine.node_id ELSE false END
    RETURNING m.node_id, m.event_id, m.position
  ),
  freed AS (
    UPDATE outbox.node_stream s SET claim_owner = NULL, claim_deadline = clock_timestamp()
      FROM mine WHERE s.node_id = mine.node_id
  ),
  resync AS (
    SELECT gone.node_id, mine.scope, gone.position, gone.node_id || '/' || gen_random_uuid() AS event_id,
           jsonb_build_object('missed', 1, 'since',
             to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text AS payload
      FROM gone JOIN mine ON mine.node_id = gone.node_id JOIN outbox.event e ON e.event_id = gone.event_id
     WHERE mine.listens <> 'go'
  ),
  event AS (
    INSERT INTO outbox.event (event_id, scope, event_type, payload)
    SELECT event_id, scope, 'resync', payload FROM resync
  )
  INSERT INTO outbox.message (node_id, scope, event_id, position) SELECT node_id, scope, event_id, position FROM resync`;

/** One statement. A claim that was lost meanwhile is not touched. `messageId`: of outbox.message. */
export const giveUp = (
  manager: EntityManager,
  owner: string,
  { nodeId, attempt }: ClaimKey,
  messageId: string,
): Promise<unknown> => manager.query(GIVE_UP, [nodeId, attempt, owner, messageId]);
