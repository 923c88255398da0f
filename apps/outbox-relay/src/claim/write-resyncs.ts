import type { EntityManager } from 'typeorm';

/**
 * One event for each of these Nodes that stands for all that expired before it heard of it, at the position of the last
 * of them: so a Node that has applied them after all takes it for a repetition. The event's id names its one Node.
 */
const WRITE = `
  WITH back AS (
    SELECT node_id, scope, missed, settled_position FROM outbox.node_stream
     WHERE node_id = ANY($1::uuid[]) AND missed IS NOT NULL
  ),
  cleared AS (
    UPDATE outbox.node_stream s SET missed = NULL FROM back WHERE s.node_id = back.node_id
  ),
  resync AS (
    SELECT node_id, scope, node_id || '/' || gen_random_uuid() AS event_id, (missed ->> 'position')::bigint AS position,
           jsonb_build_object('missed', missed -> 'count', 'since', missed -> 'since')::text AS payload
      FROM back WHERE (missed ->> 'position')::bigint > settled_position
  ),
  event AS (
    INSERT INTO outbox.event (event_id, scope, event_type, payload)
    SELECT event_id, scope, 'resync', payload FROM resync
  )
  INSERT INTO outbox.message (node_id, scope, event_id, position) SELECT node_id, scope, event_id, position FROM resync`;

/** In the transaction that has claimed the Nodes. */
export async function writeResyncs(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length > 0) await manager.query(WRITE, [nodeIds]);
}
