import type { EntityManager } from 'typeorm';

/**
 * A `stream_ready` at the next position of each of these Nodes; what has a position already and is not sent follows above
 * it, in the order that it had. So on a stream ids only rise, and no id covers what was not sent before it.
 */
const PLACE = `
  WITH unsent AS (
    SELECT id, node_id, row_number() OVER (PARTITION BY node_id ORDER BY position, id) AS place
      FROM outbox.message
     WHERE node_id = ANY($1::uuid[]) AND state = 'unsent' AND epoch IS NULL AND position IS NOT NULL
  ),
  renumbered AS (
    UPDATE outbox.message m SET position = s.last_position + 1 + unsent.place, issued_at = NULL
      FROM unsent JOIN outbox.node_stream s ON s.node_id = unsent.node_id
     WHERE m.id = unsent.id
  ),
  counted AS (SELECT node_id, count(*) AS count FROM unsent GROUP BY node_id),
  placed AS (
    SELECT n.node_id, coalesce(counted.count, 0) AS above
      FROM unnest($1::uuid[]) AS n(node_id) LEFT JOIN counted ON counted.node_id = n.node_id
  )
  UPDATE outbox.node_stream s SET last_position = s.last_position + 1 + placed.above
    FROM placed WHERE s.node_id = placed.node_id
  RETURNING s.node_id AS "nodeId", (s.last_position - placed.above)::float8 AS position`;

/** By Node. The caller has claimed the Nodes in this transaction. */
export async function placeReadies(manager: EntityManager, nodeIds: readonly string[]): Promise<Map<string, number>> {
  if (nodeIds.length === 0) return new Map();
  const [rows] = await manager.query<[{ nodeId: string; position: number }[], number]>(PLACE, [nodeIds]);
  return new Map(rows.map(({ nodeId, position }) => [nodeId, position]));
}
