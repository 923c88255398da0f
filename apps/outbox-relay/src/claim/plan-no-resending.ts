import type { EntityManager } from 'typeorm';
import { IS_PRESENT, IS_UNCLAIMED } from '../node-stream';

/**
 * Who is away is sent nothing again, and would be looked at each time: whatever it says next plans it anew. One that is
 * locked is passed over, as by a claim.
 */
const PLAN_NONE = `
  WITH away AS (
    SELECT s.node_id FROM outbox.node_stream s
     WHERE s.node_id = ANY($1::uuid[]) AND s.resend_at <= clock_timestamp() AND NOT ${IS_PRESENT} AND ${IS_UNCLAIMED}
       FOR UPDATE SKIP LOCKED)
  UPDATE outbox.node_stream s SET resend_at = NULL FROM away WHERE s.node_id = away.node_id`;

/** Of these Nodes, those that have gone away. */
export async function planNoResending(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length > 0) await manager.query(PLAN_NONE, [nodeIds]);
}
