import type { EntityManager } from 'typeorm';

/**
 * A `stream_ready` at the next position of each of these Nodes. What is not sent gets a position of its own when it is
 * claimed, above it: so on a stream ids only rise, and no id covers what was not sent before it.
 */
const PLACE = `
  UPDATE outbox.node_stream s SET last_position = s.last_position + 1
   WHERE s.node_id = ANY($1::uuid[])
  RETURNING s.node_id AS "nodeId", s.last_position::float8 AS position`;

/** By Node. The caller has claimed the Nodes in this transaction. */
export async function placeReadies(manager: EntityManager, nodeIds: readonly string[]): Promise<Map<string, number>> {
  if (nodeIds.length === 0) return new Map();
  const [rows] = await manager.query<[{ nodeId: string; position: number }[], number]>(PLACE, [nodeIds]);
  return new Map(rows.map(({ nodeId, position }) => [nodeId, position]));
}
