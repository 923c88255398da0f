import { prepared } from '@plexsphere/store';
import { CHANNEL_KEYS_CHANGED, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { OrdinaryEvent } from './claimed-node';
import { runPrepared } from './run-prepared';
import { SETTLED_UP_TO } from '../node-stream';

const IS_OF_CHANNEL = (event: string): string => `${event}.event_type = '${CHANNEL_KEYS_CHANGED}'`;

/**
 * A Node's messages of one claim go out one after the other, each when the bus has taken the one before: so many that the
 * claim, the signing and the mark are shared by them, and so few that the last one is out long before the claim ends.
 */
const MOST_OF_NODE = 32;
/** Of a claim in all, so that what a thousand busy Nodes have waiting keeps nobody's news of keys for long. */
const MOST_OF_CLAIM = 2_048;
/** Of the payloads of one Node's, in characters, since all of a claim are held at once. The first goes however long it is. */
const MOST_CHARACTERS = 65_536;

/** In the order of the index that has them. Whoever asks for one sort alone reads on no further than it needs. */
const unsent = (where: string): string => `
  SELECT m.id, m.event_id, m.position FROM outbox.message m
   WHERE m.node_id = s.node_id AND m.state = 'unsent' AND ${where} ORDER BY m.position, m.id`;

/**
 * The first unsent ordinary messages of each Node that has any, in their order. One that is claimed the first time gets the
 * Node's next position here, in the claim's transaction (ADR 0006): by id alone, one that was written earlier could still
 * appear later. What of them is not published after all keeps its position, and goes first the next time.
 *
 * A Node that cannot acknowledge gets another one at each claim: it has read a position as soon as one signature under it
 * was read, also one that nobody has marked and that was too old by then. So its positions say no order: what was claimed
 * in vain would come behind what follows it. It gets one message a claim, so that none is claimed in vain behind another
 * that fails.
 *
 * Of several news of one channel's ring, all as it is then, the last takes the turn of the first, and stands for those that
 * have no position. One that has keeps it: left out it would be a hole. Such news are claimed alone: what has a position
 * can stand for no other, and where nobody seals a ring's secrets, its news give way to what comes after them.
 */
const TAKE_NEXT = prepared(`
  WITH waiting AS (
    SELECT s.node_id, s.listens, s.last_position, m.id, m.position, m.place,
           e.event_id, e.scope, e.event_type, e.payload, ${IS_OF_CHANNEL('e')} AS of_channel, coalesce(length(e.payload), 0) AS characters
      FROM outbox.node_stream s
     CROSS JOIN LATERAL (
       SELECT run.*, row_number() OVER (ORDER BY run.position NULLS LAST, run.id) AS place FROM (
         SELECT * FROM (
           (${unsent(`s.listens <> 'go' AND m.position > ${SETTLED_UP_TO}`)} LIMIT $3)
           UNION ALL
           (${unsent(`s.listens <> 'go' AND m.position IS NULL
             AND (cardinality($2::text[]) = 0 OR NOT EXISTS (
               SELECT FROM outbox.event e
                WHERE e.event_id = m.event_id AND ${IS_OF_CHANNEL('e')} AND e.scope = ANY($2::text[])))`)} LIMIT $3)
         ) either ORDER BY position NULLS LAST, id LIMIT $3) run
       UNION ALL
       (SELECT *, 1 FROM (
          (${unsent(`s.listens = 'go' AND m.position IS NULL`)} LIMIT 1)
          UNION ALL
          (${unsent(`s.listens = 'go' AND m.position IS NOT NULL`)} OFFSET 0)
        ) either ORDER BY id LIMIT 1)) m
      JOIN outbox.event e ON e.event_id = m.event_id
     WHERE s.node_id = ANY($1::uuid[])
  ),
  taken AS (
    SELECT * FROM (
      SELECT waiting.*, bool_or(of_channel) OVER up_to AS meets_channel, sum(characters) OVER up_to AS characters_up_to
        FROM waiting WINDOW up_to AS (PARTITION BY node_id ORDER BY place)) w
     WHERE place = 1 OR (NOT meets_channel AND characters_up_to <= ${MOST_CHARACTERS})
  ),
  of_one_ring AS (
    SELECT m.id, m.node_id, m.event_id, other.payload, m.id = max(m.id) OVER (PARTITION BY m.node_id) AS is_last
      FROM taken
     CROSS JOIN LATERAL (
       SELECT m.id, m.node_id, m.event_id FROM outbox.message m
        WHERE m.node_id = taken.node_id AND m.state = 'unsent' OFFSET 0) m
      JOIN outbox.event other ON other.event_id = m.event_id AND ${IS_OF_CHANNEL('other')} AND other.scope = taken.scope
     WHERE taken.of_channel AND taken.position IS NULL
  ),
  superseded AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'superseded', settled_at = clock_timestamp()
      FROM of_one_ring WHERE m.id = of_one_ring.id AND NOT of_one_ring.is_last
  ),
  next AS (
    SELECT taken.node_id, taken.place, taken.position, coalesce(latest.id, taken.id) AS id,
           coalesce(latest.event_id, taken.event_id) AS event_id, taken.event_type, taken.scope, taken.of_channel,
           CASE WHEN latest.id IS NULL THEN taken.payload ELSE latest.payload END AS payload,
           CASE WHEN taken.position IS NULL OR taken.listens = 'go'
                THEN taken.last_position + count(*) FILTER (WHERE taken.position IS NULL OR taken.listens = 'go')
                                             OVER (PARTITION BY taken.node_id ORDER BY taken.place) END AS new_position
      FROM taken LEFT JOIN of_one_ring latest ON latest.node_id = taken.node_id AND latest.is_last
  ),
  placed AS (
    UPDATE outbox.message m SET position = next.new_position
      FROM next WHERE m.id = next.id AND next.new_position IS NOT NULL
  ),
  moved AS (
    UPDATE outbox.node_stream s SET last_position = last.position
      FROM (SELECT node_id, max(new_position) AS position FROM next GROUP BY node_id) last
     WHERE s.node_id = last.node_id AND last.position IS NOT NULL
  )
  SELECT next.node_id AS "nodeId", next.id, coalesce(next.new_position, next.position)::float8 AS position,
         next.position IS NULL AS "isPlacedNow", next.event_id AS "eventId", next.event_type AS "eventType", next.payload,
         CASE WHEN next.of_channel THEN jsonb_build_object('scope', next.scope, 'epoch', r.epoch) END AS channel
    FROM next
    LEFT JOIN ring.key_ring r ON r.scope = next.scope AND r.removed_at IS NULL AND next.of_channel
   ORDER BY next.node_id, next.place`);

/**
 * By Node, in their order. The caller has claimed the Nodes in this transaction. `resting`: rings of channels of which
 * nothing new is taken.
 */
export async function takeNextMessages(
  manager: EntityManager,
  nodeIds: readonly string[],
  resting: readonly Scope[],
): Promise<Map<string, OrdinaryEvent[]>> {
  const events = new Map<string, OrdinaryEvent[]>();
  if (nodeIds.length === 0) return events;
  const each = Math.max(1, Math.min(MOST_OF_NODE, Math.floor(MOST_OF_CLAIM / nodeIds.length)));
  const rows = await runPrepared<OrdinaryEvent & { nodeId: string }>(manager, TAKE_NEXT, [nodeIds, resting, each]);
  for (const { nodeId, ...event } of rows) {
    const before = events.get(nodeId);
    if (before === undefined) events.set(nodeId, [event]);
    else before.push(event);
  }
  return events;
}
