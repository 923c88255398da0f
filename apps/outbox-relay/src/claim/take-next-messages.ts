import { CHANNEL_KEYS_CHANGED, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { OrdinaryEvent } from './claimed-node';

const IS_OF_CHANNEL = (event: string): string => `${event}.event_type = '${CHANNEL_KEYS_CHANGED}'`;

/**
 * The first unsent ordinary message of each Node that has one. One that is claimed the first time gets the Node's next
 * position here, in the claim's transaction (ADR 0006): by id alone, one that was written earlier could still appear later.
 *
 * A Node that cannot acknowledge gets another one at each claim: it has read a position as soon as one signature under it
 * was read, also one that nobody has marked and that was too old by then. So its positions say no order: what was claimed
 * in vain would come behind what follows it.
 *
 * Of several news of one channel's ring, all as it is then, the last takes the turn of the first, and stands for those that
 * have no position. One that has keeps it: left out it would be a hole.
 */
const TAKE_NEXT = `
  WITH first AS (
    SELECT m.id, m.node_id, m.event_id, m.position
      FROM outbox.node_stream s
     CROSS JOIN LATERAL (
       (SELECT * FROM outbox.message m
         WHERE s.listens <> 'go' AND m.node_id = s.node_id AND m.state = 'unsent'
           AND (m.position IS NOT NULL OR cardinality($2::text[]) = 0 OR NOT EXISTS (
             SELECT FROM outbox.event e
              WHERE e.event_id = m.event_id AND ${IS_OF_CHANNEL('e')} AND e.scope = ANY($2::text[])))
         ORDER BY m.position NULLS LAST, m.id LIMIT 1)
       UNION ALL
       (SELECT * FROM outbox.message m
         WHERE s.listens = 'go' AND m.node_id = s.node_id AND m.state = 'unsent'
         ORDER BY m.id LIMIT 1)) m
     WHERE s.node_id = ANY($1::uuid[])
  ),
  of_one_ring AS (
    SELECT m.id, m.node_id, m.event_id, m.id = max(m.id) OVER (PARTITION BY m.node_id) AS is_last
      FROM first JOIN outbox.event e ON e.event_id = first.event_id AND ${IS_OF_CHANNEL('e')}
      JOIN outbox.message m ON m.node_id = first.node_id AND m.state = 'unsent'
      JOIN outbox.event other ON other.event_id = m.event_id AND ${IS_OF_CHANNEL('other')} AND other.scope = e.scope
     WHERE first.position IS NULL
  ),
  superseded AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'superseded', settled_at = clock_timestamp()
      FROM of_one_ring WHERE m.id = of_one_ring.id AND NOT of_one_ring.is_last
  ),
  next AS (
    SELECT first.node_id, first.position, coalesce(latest.id, first.id) AS id,
           coalesce(latest.event_id, first.event_id) AS event_id
      FROM first LEFT JOIN of_one_ring latest ON latest.node_id = first.node_id AND latest.is_last
  ),
  placed AS (
    UPDATE outbox.message m SET position = s.last_position + 1
      FROM next JOIN outbox.node_stream s ON s.node_id = next.node_id
     WHERE m.id = next.id AND (next.position IS NULL OR s.listens = 'go')
    RETURNING m.id, m.node_id, m.position
  ),
  moved AS (
    UPDATE outbox.node_stream s SET last_position = placed.position FROM placed WHERE s.node_id = placed.node_id
  )
  SELECT next.node_id AS "nodeId", next.id, coalesce(placed.position, next.position)::float8 AS position,
         next.position IS NULL AS "isPlacedNow", e.event_id AS "eventId", e.event_type AS "eventType", e.payload,
         CASE WHEN ${IS_OF_CHANNEL('e')} THEN jsonb_build_object('scope', e.scope, 'epoch', r.epoch) END AS channel
    FROM next JOIN outbox.event e ON e.event_id = next.event_id LEFT JOIN placed ON placed.id = next.id
    LEFT JOIN ring.key_ring r ON r.scope = e.scope AND r.removed_at IS NULL AND ${IS_OF_CHANNEL('e')}`;

/** By Node. The caller has claimed the Nodes in this transaction. `resting`: rings of channels of which nothing new is taken. */
export async function takeNextMessages(
  manager: EntityManager,
  nodeIds: readonly string[],
  resting: readonly Scope[],
): Promise<Map<string, OrdinaryEvent>> {
  if (nodeIds.length === 0) return new Map();
  const rows = await manager.query<(OrdinaryEvent & { nodeId: string })[]>(TAKE_NEXT, [nodeIds, resting]);
  return new Map(rows.map(({ nodeId, ...event }) => [nodeId, event]));
}
