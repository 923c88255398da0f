import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { MOST_REMEMBERED } from '@plexsphere/keyring';
import { prepared } from '@plexsphere/store';
import { chainRow } from '../claim/chain-place';
import type { ClaimKey } from '../claim/claimed-node';
import { runPrepared } from '../claim/run-prepared';
import { IS_PRESENT, RESEND_AFTER } from '../node-stream';
import { byReceiver } from '../receivers';
import { noteKeyMarks, type KeyMark } from '../settle/key-marks';
import type { Marks } from '../write/message-writer';

/** What stands on the stream, and what stood there before it: of a claim, all but the last were published in passing. */
export interface Published extends ClaimKey {
  /** Of the last one. */
  sequence: number;
  /** Of the first one: what comes behind it are ordinary events. */
  marks: Omit<Marks, 'ordinaryId'>;
  /** Of outbox.message; of all ordinary events. */
  ordinaryIds: readonly string[];
}

const RECORD = `jsonb_to_recordset($1::jsonb) AS d(node_id uuid, attempt bigint, sequence bigint, message_ids bigint[],
                 told_epoch bigint, told_platform_epoch bigint, is_chain boolean, chain jsonb,
                 hello_id text, corrected_hello_id text,
                 issued_at timestamptz, ready_epoch bigint, ready_position bigint)`;

/** In the order of node_id, as everybody locks these rows: two who mark the same Nodes never wait for each other. */
const LOCK = prepared(`
  SELECT s.node_id AS "nodeId", s.scope, s.attempt::float8, s.told_epoch::float8 AS "toldEpoch",
         s.told_platform_epoch::float8 AS "toldPlatformEpoch"
    FROM outbox.node_stream s
    JOIN unnest($1::uuid[], $2::bigint[]) AS d(node_id, attempt) ON d.node_id = s.node_id AND d.attempt = s.attempt
   WHERE s.claim_owner = $3
   ORDER BY s.node_id FOR UPDATE OF s`);

/**
 * By their ids alone: CASE keeps a planner from reading all that are unsent. An acknowledgement may have come before this:
 * what is settled stays so.
 */
const MARK_MESSAGES = prepared(`
  UPDATE outbox.message m SET state = 'sent', sent_at = clock_timestamp(), issued_at = o.issued_at
    FROM (SELECT d.node_id, d.issued_at, unnest(d.message_ids) AS id FROM ${RECORD}) o
   WHERE m.id = o.id AND CASE m.state WHEN 'unsent' THEN m.node_id = o.node_id ELSE false END`);

/** An acknowledgement may have told us meanwhile that the Node holds more than this message brings. */
const TOLD_EPOCH = 'greatest(d.told_epoch, s.told_epoch)';
const TOLD_PLATFORM_EPOCH = 'greatest(d.told_platform_epoch, s.told_platform_epoch)';
/** As `toldAfter` of the keyring has it. The attempt is this one still: no word has come between. */
const TOLD_SINCE = `CASE WHEN cardinality(s.told_since) >= ${MOST_REMEMBERED} THEN '{0}'::bigint[] ELSE s.told_since || d.told_epoch END`;
const IS_UNSETTLED = byReceiver((receiver) => receiver.isUnsettled(TOLD_EPOCH, TOLD_PLATFORM_EPOCH));

/**
 * The time of the release stays in claim_deadline: who has waited longest comes first. What is told anew is not repeated
 * before 8 s: whoever walks a chain of some hundred statements takes a while, and so do thousands who hear the same event.
 * To who is away nothing is repeated: its next word plans that.
 */
const MARK_NODES = prepared(`
  UPDATE outbox.node_stream s SET
    claim_owner = NULL,
    claim_deadline = clock_timestamp(),
    last_sequence = d.sequence,
    told_epoch = ${TOLD_EPOCH},
    told_since = CASE WHEN d.told_epoch IS NULL THEN s.told_since ELSE ${TOLD_SINCE} END,
    told_platform_epoch = ${TOLD_PLATFORM_EPOCH},
    chain = CASE WHEN d.is_chain THEN d.chain ELSE s.chain END,
    hello = CASE s.hello ->> 'hello_id' WHEN d.hello_id THEN NULL
                                        WHEN d.corrected_hello_id THEN s.hello - 'corrects' ELSE s.hello END,
    ready_epoch = coalesce(d.ready_epoch, s.ready_epoch),
    ready_position = coalesce(d.ready_position, s.ready_position),
    ready_at = CASE WHEN d.ready_epoch IS NULL THEN s.ready_at ELSE d.issued_at END,
    hello_answered_at = CASE WHEN d.hello_id IS NULL THEN s.hello_answered_at ELSE clock_timestamp() END,
    resend_at = CASE WHEN ${IS_PRESENT} AND ${IS_UNSETTLED}
                     THEN coalesce(s.resend_at, ${RESEND_AFTER('s.resend_count + 2')}) END
    FROM ${RECORD} WHERE s.node_id = d.node_id`);

/**
 * In the caller's transaction. Claims that were lost meanwhile are left as their new owner has them. Several statements,
 * because each must see what committed while the one before waited for a lock.
 */
export async function markPublished(
  manager: EntityManager,
  owner: string,
  published: readonly Published[],
): Promise<void> {
  const locked = await runPrepared<ToldBefore>(manager, LOCK, [
    published.map(({ nodeId }) => nodeId),
    published.map(({ attempt }) => attempt),
    owner,
  ]);
  if (locked.length === 0) return;
  const before = new Map(locked.map((node) => [node.nodeId, node]));
  const mine = published.filter(({ nodeId, attempt }) => before.get(nodeId)?.attempt === attempt);
  const record = JSON.stringify(mine.map(recordOf));
  if (mine.some(({ ordinaryIds }) => ordinaryIds.length > 0)) await runPrepared(manager, MARK_MESSAGES, [record]);
  await noteKeyMarks(manager, passedOver(mine, before));
  await runPrepared(manager, MARK_NODES, [record]);
}

/** What is not there is null. */
const recordOf = ({ nodeId, sequence, ordinaryIds, marks }: Published): object => ({
  node_id: nodeId,
  sequence,
  message_ids: ordinaryIds.length > 0 ? ordinaryIds : undefined,
  told_epoch: marks.told.epoch,
  told_platform_epoch: marks.told.platformEpoch,
  is_chain: marks.chain !== undefined,
  chain: marks.chain ? chainRow(marks.chain) : undefined,
  hello_id: marks.answeredHelloId,
  corrected_hello_id: marks.correctedHelloId,
  issued_at: marks.issuedAt,
  ready_epoch: marks.ready?.epoch,
  ready_position: marks.ready?.position,
});

interface ToldBefore {
  nodeId: string;
  scope: Scope;
  attempt: number;
  toldEpoch: number;
  toldPlatformEpoch: number;
}

/** Of Nodes whom one message has told of several epochs: what lies before the last one's will never be sent. */
function passedOver(published: readonly Published[], before: ReadonlyMap<string, ToldBefore>): KeyMark[] {
  return published.flatMap(({ nodeId, marks: { told } }) => {
    const was = before.get(nodeId);
    if (was === undefined) return [];
    const own = { after: was.toldEpoch, upTo: told.epoch ?? 0 };
    const platform = { after: was.toldPlatformEpoch, upTo: told.platformEpoch ?? 0 };
    const isPassed = [own, platform].some(({ after, upTo }) => upTo > after + 1);
    return isPassed ? [{ nodeId, scope: was.scope, how: 'passed', own, platform }] : [];
  });
}
