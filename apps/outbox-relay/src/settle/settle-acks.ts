import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { combineAcks, type NodeLimits, type NodeAck } from './combine-acks';
import { ACK_RECORD, ackRecord, answerAnew } from './answer-anew';
import { RESEND_AFTER, ofItsRing } from '../node-stream';
import { byReceiver } from '../receivers';

/** Locked in the order of node_id, as everybody locks these rows. */
const LOCK = `
  SELECT s.node_id AS "nodeId", s.last_position::float8 AS "lastPosition", r.epoch::float8 AS epoch,
         p.epoch::float8 AS "platformEpoch"
    FROM outbox.node_stream s
    JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
    JOIN ring.key_ring r ON r.scope = s.scope
    JOIN ring.key_ring p ON p.scope = '${PLATFORM}'
   WHERE s.node_id = ANY($1::uuid[])
   ORDER BY s.node_id FOR UPDATE OF s`;

/**
 * Acknowledgements are cumulative (ADR 0010). One that comes while a hello has not been looked at may be older than it,
 * and of a store that is lost: it counts for no more than the hello says. Whatever is applied was told, though the
 * acknowledgement may come before the mark: both stand in one statement, so that nobody ever sees more Nodes that have
 * applied than were sent to.
 */
const SETTLE_NODES = `
  WITH said AS (
    SELECT s.node_id, d.position,
           least(d.epoch, CASE WHEN NOT s.hello ? 'taken' THEN (s.hello ->> 'epoch')::bigint END) AS epoch,
           least(d.platform_epoch,
                 CASE WHEN NOT s.hello ? 'taken' THEN (s.hello ->> 'platform_epoch')::bigint END) AS platform_epoch
      FROM ${ACK_RECORD}
      JOIN outbox.node_stream s ON s.node_id = d.node_id)
  UPDATE outbox.node_stream s SET
    settled_epoch = greatest(s.settled_epoch, said.epoch),
    settled_platform_epoch = greatest(s.settled_platform_epoch, said.platform_epoch),
    settled_position = greatest(s.settled_position, said.position),
    told_epoch = greatest(s.told_epoch, said.epoch),
    told_platform_epoch = greatest(s.told_platform_epoch, said.platform_epoch),
    first_seen_at = coalesce(s.first_seen_at, clock_timestamp()),
    last_seen_at = clock_timestamp()
    FROM said WHERE s.node_id = said.node_id`;

/** Unsent ones too: an acknowledgement may overtake the mark of what it acknowledges. */
const SETTLE_MESSAGES = `
  WITH applied AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'applied', settled_at = clock_timestamp()
      FROM outbox.node_stream s
     WHERE s.node_id = m.node_id AND m.node_id = ANY($1::uuid[]) AND m.state <> 'settled'
       AND (m.position <= s.settled_position
            OR m.epoch <= ${ofItsRing('s.settled_epoch', 's.settled_platform_epoch')})
    RETURNING m.node_id)
  SELECT DISTINCT node_id FROM applied`;

const IS_UNSETTLED = byReceiver((receiver) => receiver.isUnsettled('s.told_epoch', 's.told_platform_epoch'));

/** A Node that makes progress is listening: what is left gets its full time again. */
const PLAN_RESENDING = `
  UPDATE outbox.node_stream s SET
    resend_count = CASE WHEN s.node_id = ANY($2::uuid[]) THEN 0 ELSE s.resend_count END,
    resend_at = CASE
      WHEN NOT ${IS_UNSETTLED} THEN NULL
      WHEN s.node_id = ANY($2::uuid[]) THEN ${RESEND_AFTER('0')}
      ELSE s.resend_at END
   WHERE s.node_id = ANY($1::uuid[])`;

/** In the caller's transaction. Returns the acknowledgements that were refused: they claim what nobody was ever told. */
export async function settleAcks(manager: EntityManager, acks: readonly NodeAck[]): Promise<NodeAck[]> {
  const said = [...new Set(acks.map((ack) => ack.nodeId))];
  const rows = await manager.query<(NodeLimits & { nodeId: string })[]>(LOCK, [said]);
  const limits = new Map(rows.map((row) => [row.nodeId, row]));
  const { settled, refused } = combineAcks(acks, limits);
  await answerAnew(
    manager,
    refused.filter((ack) => ack.position > (limits.get(ack.nodeId)?.lastPosition ?? Infinity)),
  );
  if (settled.length === 0) return refused;
  const nodeIds = settled.map((ack) => ack.nodeId);
  await manager.query(SETTLE_NODES, [ackRecord(settled)]);
  const applied = await manager.query<{ node_id: string }[]>(SETTLE_MESSAGES, [nodeIds]);
  await manager.query(PLAN_RESENDING, [nodeIds, applied.map((row) => row.node_id)]);
  return refused;
}
