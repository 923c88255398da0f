import type { EntityManager } from 'typeorm';

/** Nodes a statement. */
const BATCH = 100;

/**
 * What still waited for Nodes that were taken out is settled, so that it is deleted in its time. The Node's row is locked
 * first, as by everybody who writes its messages; one that is being worked on is left for the next turn. A stream has ended
 * in the turn that finds nothing any more: somebody may have published while the Node was taken out.
 */
const SETTLE = `
  WITH ending AS (
    SELECT s.node_id FROM outbox.node_stream s WHERE s.state = 'ending' ORDER BY s.node_id LIMIT ${BATCH}
       FOR UPDATE SKIP LOCKED
  ),
  waiting AS MATERIALIZED (
    SELECT m.id FROM ending
     CROSS JOIN LATERAL (
       SELECT m.id FROM outbox.message m WHERE m.node_id = ending.node_id AND m.state = 'sent'
        UNION ALL
       SELECT m.id FROM outbox.message m WHERE m.node_id = ending.node_id AND m.state = 'unsent' OFFSET 0) m
  ),
  settled AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'superseded', settled_at = clock_timestamp()
      FROM waiting WHERE m.id = waiting.id
    RETURNING m.node_id
  )
  UPDATE outbox.node_stream s SET state = 'ended', claim_owner = NULL, claim_deadline = NULL
    FROM ending WHERE s.node_id = ending.node_id AND NOT EXISTS (SELECT FROM settled WHERE settled.node_id = s.node_id)`;

export const settleRemoved = (manager: EntityManager): Promise<unknown> => manager.query(SETTLE);
