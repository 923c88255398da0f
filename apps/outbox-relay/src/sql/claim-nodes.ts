import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { ClaimedNode } from '../claim';

/**
 * How long a claim holds, in milliseconds. A relay that died keeps its Nodes waiting for so long; one that is merely slow
 * and publishes after it is refused by the stream's expected sequence.
 */
export const CLAIM_MS = 10_000;

/** Three of the acknowledgements that a Node repeats every 60 s: after that it is offline and waits for its own hello. */
const PRESENT_FOR = `interval '180 s'`;

const UNCLAIMED = `(s.claim_deadline IS NULL OR s.claim_deadline <= clock_timestamp())`;
const RESEND_DUE = `(s.resend_at <= clock_timestamp() AND s.last_seen_at > clock_timestamp() - ${PRESENT_FOR})`;

/** How long until what is not settled is sent again: 2 s, doubling to 60 s. */
export const RESEND_AFTER = (count: string): string =>
  `clock_timestamp() + least(60, 2 * power(2, least(${count}, 5))) * interval '1 s'`;

/**
 * Nodes of which something is due, locked. SKIP LOCKED: another relay that looks at the same instant takes the next
 * ones instead of waiting. `claim_deadline` stands in both queries on purpose: the inner one finds, the outer one is
 * evaluated anew on the newest version of a row that changed meanwhile, so no Node is claimed twice.
 * Scopes take turns; in a scope key news goes first, what is only repeated last (or a slow hour would feed on its own
 * repetitions), and among equals whoever has waited longest (a release leaves its time in claim_deadline): so neither a
 * big scope nor a busy Node holds up the others.
 */
const LOCK_DUE_NODES = `
  WITH platform AS (SELECT trust_epoch FROM ring.key_ring WHERE scope = '${PLATFORM}'),
  due AS (
    SELECT s.node_id, s.scope, s.claim_deadline,
           s.told_epoch < r.epoch OR (s.scope <> '${PLATFORM}' AND s.told_platform_epoch < p.trust_epoch) AS key_news,
           coalesce(${RESEND_DUE}, false) AND s.hello IS NULL AS resend
      FROM outbox.node_stream s
      JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
      JOIN ring.key_ring r ON r.scope = s.scope
      CROSS JOIN platform p
     WHERE ${UNCLAIMED}
       AND (s.told_epoch < r.epoch
            OR (s.scope <> '${PLATFORM}' AND s.told_platform_epoch < p.trust_epoch)
            OR s.hello IS NOT NULL
            OR ${RESEND_DUE}
            OR EXISTS (SELECT FROM outbox.message m WHERE m.node_id = s.node_id AND m.state = 'unsent'))
  ),
  turns AS (
    SELECT node_id,
           row_number() OVER (PARTITION BY scope ORDER BY key_news DESC, resend, claim_deadline NULLS FIRST, node_id) AS turn
      FROM due
  )
  SELECT s.node_id FROM turns t JOIN outbox.node_stream s ON s.node_id = t.node_id
   WHERE ${UNCLAIMED}
   ORDER BY t.turn, s.node_id LIMIT $1
     FOR UPDATE OF s SKIP LOCKED`;

/** A hello is taken once, and stays until its answer stands on the stream; a later hello replaces it, untaken. */
const TAKE = `
  WITH due AS (
    SELECT s.node_id, s.hello IS NOT NULL AND NOT s.hello ? 'taken' AS says_hello, coalesce(${RESEND_DUE}, false) AS resend
      FROM outbox.node_stream s WHERE s.node_id = ANY($1::uuid[])
  ),
  taken AS (
    UPDATE outbox.node_stream s SET
      claim_owner = $2,
      claim_deadline = clock_timestamp() + interval '${CLAIM_MS} ms',
      attempt = s.attempt + 1,
      told_epoch = least(s.told_epoch,
        CASE WHEN d.says_hello THEN (s.hello ->> 'epoch')::bigint END,
        CASE WHEN d.resend THEN s.settled_epoch END),
      told_platform_epoch = least(s.told_platform_epoch,
        CASE WHEN d.says_hello THEN (s.hello ->> 'platform_epoch')::bigint END,
        CASE WHEN d.resend THEN s.settled_platform_epoch END),
      hello = CASE WHEN d.says_hello THEN s.hello || '{"taken": true}' ELSE s.hello END,
      resend_count = CASE WHEN d.says_hello THEN 0 WHEN d.resend THEN s.resend_count + 1 ELSE s.resend_count END,
      resend_at = CASE WHEN d.says_hello THEN NULL
                       WHEN d.resend THEN ${RESEND_AFTER('s.resend_count + 1')} ELSE s.resend_at END
      FROM due d WHERE s.node_id = d.node_id
    RETURNING s.*, d.says_hello OR d.resend AS sends_again
  )
  SELECT * FROM taken`;

interface Row {
  node_id: string;
  scope: string;
  attempt: string;
  told_epoch: string;
  told_platform_epoch: string;
  last_position: string;
  last_sequence: string;
  hello: { hello_id: string } | null;
  sends_again: boolean;
}

/** In the caller's transaction: up to `limit` Nodes are this relay's. `sendsAgain`: what was sent to it is in doubt. */
export async function claimNodes(
  manager: EntityManager,
  owner: string,
  limit: number,
): Promise<(ClaimedNode & { sendsAgain: boolean })[]> {
  const due = await manager.query<{ node_id: string }[]>(LOCK_DUE_NODES, [limit]);
  if (due.length === 0) return [];
  const rows = await manager.query<Row[]>(TAKE, [due.map((row) => row.node_id), owner]);
  return rows.map((row) => ({
    nodeId: row.node_id,
    scope: row.scope,
    attempt: Number(row.attempt),
    toldEpoch: Number(row.told_epoch),
    toldPlatformEpoch: Number(row.told_platform_epoch),
    lastPosition: Number(row.last_position),
    lastSequence: Number(row.last_sequence),
    hello: row.hello === null ? null : { helloId: row.hello.hello_id },
    sendsAgain: row.sends_again,
  }));
}
