import type { EntityManager } from 'typeorm';

/** Nodes a statement. */
const BATCH = 100;

/**
 * What still waited for Nodes that were removed is settled, so that it is deleted in its time. The Node's row is locked
 * first, as by everybody who writes its messages; one that is being worked on is left for the next turn.
 */
const SETTLE = `
  WITH gone AS (
    SELECT s.node_id FROM ring.node n JOIN outbox.node_stream s ON s.node_id = n.id
     WHERE n.state <> 'enrolled'
       AND EXISTS (SELECT FROM outbox.message m WHERE m.node_id = n.id AND m.state <> 'settled')
     ORDER BY s.node_id LIMIT ${BATCH} FOR UPDATE OF s SKIP LOCKED)
  UPDATE outbox.message m SET state = 'settled', outcome = 'superseded', settled_at = clock_timestamp()
    FROM gone WHERE m.node_id = gone.node_id AND m.state <> 'settled'`;

export const settleRemoved = (manager: EntityManager): Promise<unknown> => manager.query(SETTLE);
