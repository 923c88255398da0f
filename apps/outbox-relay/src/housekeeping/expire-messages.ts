import { FORKED } from '@plexsphere/keyring';
import type { EntityManager } from 'typeorm';
import { IS_PRESENT, IS_UNCLAIMED } from '../node-stream';

/** Nodes looked at by a statement, and rows of each that one expires: short enough that nobody waits for it. */
const NODES = 200;
const ROWS_OF_A_NODE = 250;

/** What waits for a Node, in the order in which it would hear it. */
const WAITING = (limit: number): string => `
  SELECT m.id, m.position, e.event_type, e.payload, e.created_at,
         row_number() OVER (ORDER BY m.position NULLS LAST, m.id) AS turn
    FROM outbox.message m JOIN outbox.event e ON e.event_id = m.event_id
   WHERE m.node_id = s.node_id AND m.state <> 'settled'
   ORDER BY m.position NULLS LAST, m.id LIMIT ${limit}`;

const CUTOFF = `clock_timestamp() - $2 * interval '1 ms'`;

/**
 * Away, and nobody answers it now; or told of nothing that counts, since it follows another chain: what waits for that one
 * waits for an operator, and for no longer than for one that is away.
 */
const IS_AWAY = `(NOT ${IS_PRESENT} AND s.hello IS NULL OR s.told_epoch = ${FORKED})`;

/** The next absent Nodes by id, and those among them whose oldest event is too old, locked. */
const FIND = `
  WITH page AS (
    SELECT s.node_id FROM outbox.node_stream s JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
     WHERE s.node_id > $1 AND (NOT ${IS_PRESENT} OR s.told_epoch = ${FORKED}) ORDER BY s.node_id LIMIT ${NODES}
  ),
  due AS (
    SELECT s.node_id FROM page JOIN outbox.node_stream s ON s.node_id = page.node_id
     WHERE ${IS_AWAY} AND ${IS_UNCLAIMED}
       AND EXISTS (SELECT FROM (${WAITING(1)}) first WHERE first.created_at < ${CUTOFF})
     ORDER BY s.node_id FOR UPDATE OF s SKIP LOCKED
  )
  SELECT (SELECT max(node_id::text) FROM page) AS last, (SELECT count(*)::int FROM page) AS looked_at,
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
 * Events that waited too long for Nodes that are away. In the caller's transaction, one page of Nodes after `after`;
 * returns where the next page begins, undefined after the last. Harmless side by side: a locked Node is passed over.
 */
export async function expireMessages(
  manager: EntityManager,
  retentionMs: number,
  after = '00000000-0000-0000-0000-000000000000',
): Promise<{ expired: number; next: string | undefined }> {
  const [page] = await manager.query<[{ last: string | null; looked_at: number; due: string[] }]>(FIND, [
    after,
    retentionMs,
  ]);
  if (page.due.length === 0) return { expired: 0, next: nextPage(page) };
  const [done] = await manager.query<[{ rows: number; unfinished: number }]>(EXPIRE, [page.due, retentionMs]);
  return { expired: done.rows, next: done.unfinished > 0 ? after : nextPage(page) };
}

const nextPage = ({ last, looked_at }: { last: string | null; looked_at: number }): string | undefined =>
  last !== null && looked_at === NODES ? last : undefined;
