import type { EntityManager } from 'typeorm';
import type { SaidAck } from './combine-acks';

/** Between two such answers to a Node, which repeats its acknowledgement every 60 s: below that, above any flood. */
const AT_MOST_EVERY = `interval '30 s'`;

/**
 * As if the Node had said its latest hello again, with what it holds now: it counts positions that it was never given, so
 * somebody else has answered it. Only by us can it have been told better; what is not settled goes to it again.
 */
const ANSWER_ANEW = `
  UPDATE outbox.node_stream s SET
    hello = jsonb_build_object('hello_id', s.hello_id, 'epoch', d.epoch, 'platform_epoch', d.platform_epoch,
                               'position', d.position),
    ready_again_at = clock_timestamp(),
    last_seen_at = clock_timestamp()
    FROM jsonb_to_recordset($1::jsonb) AS d(node_id uuid, epoch bigint, platform_epoch bigint, position bigint)
   WHERE s.node_id = d.node_id AND s.hello IS NULL AND s.hello_id IS NOT NULL
     AND coalesce(s.ready_again_at < clock_timestamp() - ${AT_MOST_EVERY}, true)`;

/** To acknowledgements beyond what their Nodes were ever given. The caller has locked the Nodes in this transaction. */
export async function answerAnew(manager: EntityManager, acks: readonly SaidAck[]): Promise<void> {
  if (acks.length === 0) return;
  const latest = new Map(acks.map((ack) => [ack.nodeId, ack]));
  const rows = [...latest.values()].map(({ nodeId, epoch, platformEpoch, position }) => ({
    node_id: nodeId,
    epoch,
    platform_epoch: platformEpoch,
    position,
  }));
  await manager.query(ANSWER_ANEW, [JSON.stringify(rows)]);
}
