import { FORKED } from '@plexsphere/keyring';
import { prepared } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import { runPrepared } from '../claim/run-prepared';
import { answerAnew } from './answer-anew';
import { combineAcks } from './combine-acks';
import { noteKeyMarks, type KeyMark } from './key-marks';
import { lockKnownNodes, type KnownNode } from './known-nodes';
import { SHOWN, WORD_RECORD, countWord, wordRecord, type CountedWord, type NodeWord } from './node-word';
import { RESEND_AFTER } from '../node-stream';
import { byReceiver } from '../receivers';
import { readHeads } from './read-heads';

/** One that comes while a hello has not been looked at may be older than it, and of a store that is lost. */
const asTheHelloSays = (epoch: string): string =>
  `least(d.${epoch}, CASE WHEN NOT s.hello ? 'taken' THEN (s.hello ->> '${epoch}')::bigint END)`;

const settled = (settledEpoch: string, epoch: string): string =>
  `CASE d.${epoch} WHEN ${FORKED} THEN ${FORKED} ELSE greatest(s.${settledEpoch}, ${asTheHelloSays(epoch)}) END`;

/** A fork that is known is told anew when its time has come, like anything that is not settled. */
const told = (toldEpoch: string, epoch: string, newFork: string): string =>
  `CASE WHEN d.${newFork} THEN ${FORKED} WHEN d.${epoch} = ${FORKED} THEN s.${toldEpoch}
        ELSE greatest(s.${toldEpoch}, ${asTheHelloSays(epoch)}) END`;

const NEW_FORK = '(d.new_fork OR d.new_platform_fork)';

const SETTLED_EPOCH = settled('settled_epoch', 'epoch');
const SETTLED_PLATFORM_EPOCH = settled('settled_platform_epoch', 'platform_epoch');
const TOLD_EPOCH = told('told_epoch', 'epoch', 'new_fork');
const TOLD_PLATFORM_EPOCH = told('told_platform_epoch', 'platform_epoch', 'new_platform_fork');

/** `has_progressed`: messages of it were settled just before this. Whether keys are, this statement sees itself. */
const HAS_PROGRESSED = `(d.has_progressed OR ${SETTLED_EPOCH} > s.settled_epoch
                         OR ${SETTLED_PLATFORM_EPOCH} > s.settled_platform_epoch)`;
const IS_UNSETTLED = byReceiver((receiver) =>
  receiver.isUnsettled(TOLD_EPOCH, TOLD_PLATFORM_EPOCH, {
    epoch: SETTLED_EPOCH,
    platformEpoch: SETTLED_PLATFORM_EPOCH,
    position: 'd.position',
  }),
);

/**
 * Acknowledgements are cumulative (ADR 0010). Whatever is applied was told, though the acknowledgement may come before the
 * mark: both stand in one statement, so that nobody ever sees more Nodes that have applied than were sent to.
 *
 * A Node that shows a fork has applied nothing of that ring, and no position by a key of it. What is under way to it is
 * not: whoever has claimed it has lost it.
 *
 * A Node that makes progress is listening: what is left gets its full time again. So does what was sent while it was away.
 *
 * The messages are settled before this, so that one statement writes all there is to write of a Node: whoever holds an old
 * snapshot keeps each version of its row, and whoever looks for the row passes all of them.
 */
const SETTLE_NODES = prepared(`
  UPDATE outbox.node_stream s SET
    settled_epoch = ${SETTLED_EPOCH},
    settled_platform_epoch = ${SETTLED_PLATFORM_EPOCH},
    settled_position = d.position,
    told_epoch = ${TOLD_EPOCH},
    told_platform_epoch = ${TOLD_PLATFORM_EPOCH},
    chain = CASE WHEN NOT ${NEW_FORK} THEN s.chain END,
    claim_owner = CASE WHEN NOT ${NEW_FORK} THEN s.claim_owner END,
    claim_deadline = CASE WHEN ${NEW_FORK} THEN clock_timestamp() ELSE s.claim_deadline END,
    attempt = CASE WHEN ${NEW_FORK} THEN s.attempt + 1 ELSE s.attempt END,
    resend_count = CASE WHEN ${HAS_PROGRESSED} THEN 0 ELSE s.resend_count END,
    resend_at = CASE
      WHEN NOT ${IS_UNSETTLED} THEN NULL
      WHEN ${HAS_PROGRESSED} OR s.resend_at IS NULL THEN ${RESEND_AFTER('0')}
      ELSE s.resend_at END,
    ${SHOWN}
    FROM ${WORD_RECORD} WHERE s.node_id = d.node_id
  RETURNING s.node_id AS "nodeId", s.scope, s.settled_epoch::float8 AS "settledEpoch",
            s.settled_platform_epoch::float8 AS "settledPlatformEpoch"`);

const covered = (state: 'unsent' | 'sent'): string => `
  SELECT m.id FROM outbox.message m
   WHERE m.node_id = d.node_id AND m.state = '${state}' AND m.position > d.after AND m.position <= d.up_to`;

/**
 * Unsent ones too: an acknowledgement may overtake the mark of what it acknowledges. But not of a Node that cannot
 * acknowledge: what it has not been sent since its last word has a position of before, which proves nothing. By Node and
 * state, as an index has them, and then by their ids.
 */
const SETTLE_MESSAGES = prepared(`
  WITH covered AS MATERIALIZED (
    SELECT m.id
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::boolean[]) d(node_id, after, up_to, acknowledges)
     CROSS JOIN LATERAL (${covered('sent')} UNION ALL ${covered('unsent')} AND d.acknowledges OFFSET 0) m
  ),
  applied AS (
    UPDATE outbox.message m SET state = 'settled', outcome = 'applied', settled_at = clock_timestamp()
      FROM covered WHERE m.id = covered.id
    RETURNING m.node_id)
  SELECT DISTINCT node_id FROM applied`);

/** What a Node's word covers: all behind `after`, which was settled before and is not passed by again, up to `upTo`. */
export interface SettledPositions {
  nodeId: string;
  after: number;
  upTo: number;
  acknowledges: boolean;
}

/** Of Nodes that the caller has locked. Returns those of which something was. */
export async function settleMessages(manager: EntityManager, settled: readonly SettledPositions[]): Promise<string[]> {
  const moved = settled.filter(({ after, upTo }) => upTo > after);
  if (moved.length === 0) return [];
  const applied = await runPrepared<{ node_id: string }>(manager, SETTLE_MESSAGES, [
    moved.map(({ nodeId }) => nodeId),
    moved.map(({ after }) => after),
    moved.map(({ upTo }) => upTo),
    moved.map(({ acknowledges }) => acknowledges),
  ]);
  return applied.map((row) => row.node_id);
}

interface SettledAcks {
  /** What counts, one a Node. */
  words: CountedWord[];
  /** They claim positions that were never given. */
  refused: CountedWord[];
  /** Whether some have settled what they were told of keys. */
  haveKeys: boolean;
}

/** In the caller's transaction. Who is not enrolled is nobody, and not worth a line. */
export async function settleAcks(manager: EntityManager, acks: readonly NodeWord[]): Promise<SettledAcks> {
  const nodes = await lockKnownNodes(
    manager,
    acks.map(({ nodeId }) => nodeId),
  );
  const heads = await readHeads(manager, acks, nodes);
  const counted = acks.flatMap((ack) => {
    const node = nodes.get(ack.nodeId);
    return node?.listens !== ack.listens ? [] : [countWord(ack, node, heads)];
  });
  const { settled: words, refused } = combineAcks(counted, (nodeId) => nodes.get(nodeId)?.lastPosition ?? 0);
  await answerAnew(manager, refused);
  if (words.length === 0) return { words, refused, haveKeys: false };
  const positions = words.map((word) => settledBy(word, nodes.get(word.nodeId)));
  const progressed = new Set(await settleMessages(manager, positions));
  const record = words.map((word, at) => ({
    ...word,
    position: positions[at]?.upTo ?? 0,
    hasProgressed: progressed.has(word.nodeId),
  }));
  const settled = await runPrepared<SettledEpochs>(manager, SETTLE_NODES, [wordRecord(record)]);
  const applied = settled.flatMap((after) => appliedKeys(nodes.get(after.nodeId) ?? after, after));
  await noteKeyMarks(manager, applied);
  return { words, refused, haveKeys: applied.length > 0 };
}

/** Never back; and by a key of a fork none. */
function settledBy({ nodeId, epoch, position }: CountedWord, before?: KnownNode): SettledPositions {
  const after = before?.settledPosition ?? 0;
  return { nodeId, after, upTo: epoch === FORKED ? after : Math.max(after, position), acknowledges: true };
}

type SettledEpochs = Pick<KnownNode, 'nodeId' | 'scope' | 'settledEpoch' | 'settledPlatformEpoch'>;

/** What a Node has settled of keys, where it has; by what was on record before, and what is now. */
export function appliedKeys(before: SettledEpochs, after: SettledEpochs): KeyMark[] {
  const own = { after: before.settledEpoch, upTo: after.settledEpoch };
  const platform = { after: before.settledPlatformEpoch, upTo: after.settledPlatformEpoch };
  const isProgress = [own, platform].some((reach) => reach.upTo > reach.after);
  return isProgress ? [{ nodeId: after.nodeId, scope: after.scope, how: 'applied', own, platform }] : [];
}
