import type { EntityManager } from 'typeorm';
import { IS_PRESENT, RESEND_AFTER } from '../node-stream';
import { byReceiver } from '../receivers';
import type { Called } from './read-http-words';

const IS_UNSETTLED = byReceiver((receiver) => receiver.isUnsettled('s.told_epoch', 's.told_platform_epoch'));

/**
 * Sign of life of many Nodes over HTTP: one statement for all of them, and no row of a Node of which a gateway has said so
 * shortly before. What was sent to one while it was away is sent again. In the order of node_id, as everybody locks these rows.
 */
const RECORD = `
  WITH said AS (
    SELECT node_id, bool_or(has_stream) AS has_stream
      FROM (SELECT node_id, false AS has_stream FROM unnest($1::uuid[]) AS n(node_id)
            UNION ALL SELECT node_id, true FROM unnest($2::uuid[]) AS n(node_id)) each GROUP BY node_id
  ),
  due AS (
    SELECT s.node_id, said.has_stream, NOT ${IS_PRESENT} AS was_away
      FROM said JOIN outbox.node_stream s ON s.node_id = said.node_id AND s.listens <> 'bus'
      JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
     WHERE s.called_at IS NULL OR s.last_seen_at IS NULL OR s.last_seen_at < clock_timestamp() - interval '20 s'
        OR said.has_stream AND (s.stream_seen_at IS NULL OR s.stream_seen_at < clock_timestamp() - interval '20 s')
     ORDER BY s.node_id FOR UPDATE OF s
  )
  UPDATE outbox.node_stream s SET
    last_seen_at = clock_timestamp(),
    called_at = coalesce(s.called_at, clock_timestamp()),
    stream_seen_at = CASE WHEN due.has_stream THEN clock_timestamp() ELSE s.stream_seen_at END,
    resend_at = CASE WHEN due.was_away AND s.resend_at IS NULL AND ${IS_UNSETTLED} THEN ${RESEND_AFTER('0')} ELSE s.resend_at END
    FROM due WHERE s.node_id = due.node_id`;

/** Returns of how many it was news. */
export async function recordCalled(manager: EntityManager, { nodes, streams }: Called): Promise<number> {
  const [, updated] = await manager.query<[unknown, number]>(RECORD, [nodes, streams]);
  return updated;
}
