import type { EntityManager } from 'typeorm';
import { WORD_RECORD, wordRecord, type CountedWord } from './node-word';

/** Between two such answers to a Node, which repeats its acknowledgement every 60 s: below that, above any flood. */
const AT_MOST_EVERY = `interval '30 s'`;

/**
 * The Node's latest hello, as if it came again with what the Node holds now. A Node that counts positions which it was never
 * given has had its hello answered by somebody else, with a signature that was stolen: our own fresh answer puts that
 * right, and what is not settled goes to it again.
 */
const ANSWER_ANEW = `
  UPDATE outbox.node_stream s SET
    hello = jsonb_build_object('hello_id', s.hello_id, 'epoch', d.epoch, 'platform_epoch', d.platform_epoch,
                               'position', d.position),
    ready_again_at = clock_timestamp(),
    last_seen_at = clock_timestamp()
    FROM ${WORD_RECORD}
   WHERE s.node_id = d.node_id AND s.hello IS NULL AND s.hello_id IS NOT NULL
     AND coalesce(s.ready_again_at < clock_timestamp() - ${AT_MOST_EVERY}, true)`;

/** To acknowledgements beyond what their Nodes were ever given. The caller has locked the Nodes in this transaction. */
export async function answerAnew(manager: EntityManager, acks: readonly CountedWord[]): Promise<void> {
  if (acks.length === 0) return;
  const latest = new Map(acks.map((ack) => [ack.nodeId, ack]));
  await manager.query(ANSWER_ANEW, [wordRecord([...latest.values()])]);
}
