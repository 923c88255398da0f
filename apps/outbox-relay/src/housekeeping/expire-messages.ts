import { FORKED } from '@plexsphere/keyring';
import type { EntityManager } from 'typeorm';
import { IS_PRESENT, IS_UNCLAIMED } from '../node-stream';

/** Rows looked at by a statement, and rows of a Node that one expires: short enough that nobody waits for it. */
const ROWS = 1_000;
const ROWS_OF_A_NODE = 250;

const ofState = (state: 'unsent' | 'sent', limit: number): string => `
  SELECT m.id, m.position, m.event_id FROM outbox.message m
   WHERE m.node_id = s.node_id AND m.state = '${state}' ORDER BY m.position, m.id LIMIT ${limit}`;

/** What waits for a Node, in the order in which it would hear it. */
const WAITING = (limit: number): string => `
  SELECT m.id, m.position, e.event_type, e.payload, e.created_at,
         row_number() OVER (ORDER BY m.position NULLS LAST, m.id) AS turn
    FROM ((${ofState('sent', limit)}) UNION ALL (${ofState('unsent', limit)})) m
    JOIN outbox.event e ON e.event_id = m.event_id
   ORDER BY m.position NULLS LAST, m.id LIMIT ${limit}`;

const CUTOFF = `clock_timestamp() - $2 * interval '1 ms'`;

/**
 * Away, and nobody answers it now; or told of nothing that counts, since it follows another chain: what waits for that one
 * waits for an operator, and for no longer than for one that is away.
 */
const IS_AWAY = `(NOT ${IS_PRESENT} AND s.hello IS NULL OR s.told_epoch = ${FORKED})`;

/**
 * The next of what waits, the oldest first, and whose it is of those who are away, locked. By the rows' ids, which rise as
 * time goes by: so only what is old is looked at, and the first that is young ends it. `id > 0` is always true, and no
 * statement may take the index message_waiting without it (ADR 47).
 */
const FIND = `
  WITH page AS (
    SELECT m.id, m.node_id, e.created_at < ${CUTOFF} AS is_old
      FROM (SELECT id, node_id, event_id FROM outbox.message
             WHERE state <> 'settled' AND id > 0 AND id > $1 ORDER BY id LIMIT ${ROWS}) m
      JOIN outbox.event e ON e.event_id = m.event_id
  ),
  due AS (
    SELECT s.node_id FROM outbox.node_stream s
     WHERE s.node_id = ANY (ARRAY(SELECT DISTINCT node_id FROM page WHERE is_old))
       AND s.state = 'open' AND ${IS_AWAY} AND ${IS_UNCLAIMED}
     ORDER BY s.node_id FOR UPDATE OF s SKIP LOCKED
  )
  SELECT (SELECT max(id)::text FROM page) AS last,
         (SELECT count(*) = ${ROWS} AND bool_or(is_old) FROM page) AS "goesOn",
         coalesce((SELECT array_agg(node_id) FROM due), '{}') AS due`;

/**
 * Everything up to the last event that is too old expires, so that what is left begins without a hole. The Node's last
 * expired position is kept for the resync that stands for all of them; what lies before it counts as settled. Events
 * that never had a position share one.
 */
const EXPIRE = `
  WITH waiting AS (
    SELECT s.node_id, s.last_position, m.* FROM outbox.node_stream s CROSS JOIN LATERAL (${WAITING(ROWS_OF_A_NODE)}) m
     WHERE s.node_id = ANY($1::uuid[])
  ),
  gone AS (
    SELECT w.*,
           CASE event_type WHEN 'resync' THEN (payload::jsonb ->> 'missed')::bigint ELSE 1 END AS events,
           CASE event_type WHEN 'resync' THEN payload::jsonb ->> 'since'
                ELSE to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END AS since
      FROM waiting w
     WHERE turn <= (SELECT max(turn) FROM waiting o WHERE o.node_id = w.node_id AND o.created_at < ${CUTOFF})
  ),
  expired AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'expired', settled_at = clock_timestamp()
      FROM gone WHERE m.id = gone.id
  ),
  sums AS (
    SELECT node_id, count(*) AS rows, sum(events) AS events, min(since) AS since,
           CASE WHEN bool_or(position IS NULL) THEN max(last_position) + 1 ELSE max(position) END AS position
      FROM gone GROUP BY node_id
  ),
  noted AS (
    UPDATE outbox.node_stream s SET
      settled_position = greatest(s.settled_position, sums.position - 1),
      last_position = greatest(s.last_position, sums.position),
      missed = jsonb_build_object(
        'position', sums.position,
        'count', sums.events + coalesce((s.missed ->> 'count')::bigint, 0),
        'since', least(sums.since, s.missed ->> 'since'))
      FROM sums WHERE s.node_id = sums.node_id
  )
  SELECT coalesce(sum(rows), 0)::int AS rows, count(*) FILTER (WHERE rows = ${ROWS_OF_A_NODE})::int AS unfinished FROM sums`;

/**
 * Events that waited too long for Nodes that are away. In the caller's transaction, one page of rows after `after`;
 * returns where the next page begins, undefined after the last. Harmless side by side: a locked Node is passed over.
 */
export async function expireMessages(
  manager: EntityManager,
  retentionMs: number,
  after = '0',
): Promise<{ expired: number; next: string | undefined }> {
  const [page] = await manager.query<[Page]>(FIND, [after, retentionMs]);
  if (page.due.length === 0) return { expired: 0, next: nextPage(page) };
  const [done] = await manager.query<[{ rows: number; unfinished: number }]>(EXPIRE, [page.due, retentionMs]);
  return { expired: done.rows, next: done.unfinished > 0 ? after : nextPage(page) };
}

/** `last`: of the rows; a bigint, as text. `due`: Nodes. */
interface Page {
  last: string | null;
  goesOn: boolean | null;
  due: string[];
}

const nextPage = ({ last, goesOn }: Page): string | undefined => (last !== null && goesOn === true ? last : undefined);
