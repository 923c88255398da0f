import { FORKED } from '@plexsphere/keyring';
import type { EntityManager } from 'typeorm';
import { lockKnownNodes } from './known-nodes';
import { SHOWN, WORD_RECORD, countWord, wordRecord, type CountedWord, type NodeWord } from './node-word';
import { readHeads } from './read-heads';

export interface NodeHello extends NodeWord {
  helloId: string;
}

/** A hello that comes so soon after its own answer has crossed it. If the answer was lost, the Node asks once more. */
const CROSSED_WITHIN = `interval '2 s'`;

/** Whether it is ours again, by what the hello shows. */
const isBack = (told: string, said: string): string => `(s.${told} = ${FORKED} AND d.${said} <> ${FORKED})`;

/**
 * The latest hello of each Node counts; one that is being answered is replaced, and so answered too. Not by a repetition
 * of itself: a Node asks again every few seconds, and what is under way to it would begin anew each time; nor is one that
 * has crossed its own answer another question. One that shows a fork that nobody knew of is one; and so is one that shows
 * that the Node is ours again, and what it shows it was told.
 *
 * A Node that says less than it has settled has lost its store: what it does not hold counts as applied no more. What
 * was settled by position stays so, since the rows may be gone.
 */
const RECORD_HELLOS = `
  UPDATE outbox.node_stream s SET
    hello = CASE WHEN s.hello_id = d.hello ->> 'hello_id'
                      AND NOT ${isBack('told_epoch', 'epoch')}
                      AND NOT ${isBack('told_platform_epoch', 'platform_epoch')}
                      AND NOT d.new_fork AND NOT d.new_platform_fork
                      AND (s.hello ? 'taken'
                           OR s.hello IS NULL AND s.hello_answered_at > clock_timestamp() - ${CROSSED_WITHIN})
                 THEN s.hello ELSE d.hello END,
    hello_id = d.hello ->> 'hello_id',
    told_epoch = CASE WHEN ${isBack('told_epoch', 'epoch')} THEN d.epoch ELSE s.told_epoch END,
    told_platform_epoch = CASE WHEN ${isBack('told_platform_epoch', 'platform_epoch')} THEN d.platform_epoch
                               ELSE s.told_platform_epoch END,
    settled_epoch = least(s.settled_epoch, d.epoch),
    settled_platform_epoch = least(s.settled_platform_epoch, d.platform_epoch),
    ${SHOWN}
    FROM ${WORD_RECORD} WHERE s.node_id = d.node_id`;

export interface RecordedHellos {
  words: CountedWord[];
  /** The ids of those that are not enrolled. */
  nobodies: string[];
}

/** Hellos in the order in which they came, in the caller's transaction. */
export async function recordHellos(manager: EntityManager, hellos: readonly NodeHello[]): Promise<RecordedHellos> {
  const latest = [...new Map(hellos.map((hello) => [hello.nodeId, hello])).values()];
  const nodes = await lockKnownNodes(
    manager,
    latest.map(({ nodeId }) => nodeId),
  );
  const heads = await readHeads(manager, latest, nodes);
  const words = latest.flatMap((hello) => {
    const node = nodes.get(hello.nodeId);
    return node?.listens !== hello.listens ? [] : [{ ...countWord(hello, node, heads), helloId: hello.helloId }];
  });
  const nobodies = latest.filter(({ nodeId, listens }) => nodes.get(nodeId)?.listens !== listens);
  const rows = words.map((word) => ({ ...word, hello: helloOf(word) }));
  if (rows.length > 0) await manager.query(RECORD_HELLOS, [wordRecord(rows)]);
  return { words, nobodies: nobodies.map(({ nodeId }) => nodeId) };
}

/** As it is kept until it is answered: its epochs as they count. */
const helloOf = ({ helloId, epoch, platformEpoch, position, isWrong }: CountedWord & { helloId: string }): object => ({
  ...{ hello_id: helloId, epoch, platform_epoch: platformEpoch, position },
  ...(isWrong && { corrects: true }),
});
