import { prepared } from '@plexsphere/store';
import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { chainPlace, type ChainRow } from './chain-place';
import type { ClaimedNode } from './claimed-node';
import { runPrepared } from './run-prepared';
import { HAS_MESSAGE, IS_UNCLAIMED, RESEND_AFTER, SETTLED_UP_TO } from '../node-stream';
import { byReceiver } from '../receivers';

/**
 * How long a claim holds, in milliseconds. A relay that died or stands still keeps its Nodes waiting for so long; one that
 * is merely slow and publishes after it is refused by the stream's expected sequence. Not less: a signature may take a
 * second, an answer of the bus that is lost two, and whoever is claimed anew before that is sent everything again.
 */
export const CLAIM_MS = 5_000;

/** Not in the middle of a chain: what a part tells is settled by the last one alone. */
const RESEND_DUE = `(s.resend_at <= clock_timestamp() AND s.chain IS NULL
  AND ${byReceiver((receiver) => receiver.isSentAgain)})`;

/** What nothing else may overtake, a chain's next part too. And what may come whenever there is time: a key is closed. */
const KEY_NEWS = `(s.chain IS NOT NULL OR ${byReceiver((receiver) => receiver.lacksTrust)})`;
const CLOSE_NEWS = byReceiver((receiver) => receiver.lacksNews);
const IS_CUT_OFF = byReceiver((receiver) => receiver.isCutOff);
const UNSENT = `(${HAS_MESSAGE('unsent', `m.position > ${SETTLED_UP_TO}`)} OR ${HAS_MESSAGE('unsent', 'm.position IS NULL')})`;

/**
 * A Node of the platform's own scope has one ring under two names; where they differ, what it holds is the lesser. float8
 * is what the driver hands over as a number; epochs, positions and sequences stay far below 2^53. One that reads no
 * statement goes by its own ring's alone.
 */
const READS_STATEMENTS = byReceiver((receiver) => `${receiver.readsStatements}`);

const toldOf = (epoch: 'told_epoch' | 'told_platform_epoch'): string =>
  `(CASE WHEN scope = '${PLATFORM}' AND ${READS_STATEMENTS} THEN least(told_epoch, told_platform_epoch)
         ELSE ${epoch} END)::float8`;

/**
 * Of the Nodes that are named, those of which something is due, locked. SKIP LOCKED: of two relays that want the same ones at
 * the same instant neither waits. All conditions are evaluated anew on the newest version of a row that changed meanwhile,
 * so no Node is claimed twice. Of a Node that is cut off nothing is due but news of keys, whatever waits for it.
 *
 * A hello is taken once, and stays until its answer stands on the stream; a later hello replaces it, untaken. It begins
 * an unfinished chain anew: a Node that said it has lost the parts, or a hole between them.
 */
const TAKE = prepared(`
  WITH due AS (
    SELECT s.node_id, coalesce(${RESEND_DUE}, false) AS resend,
           s.hello IS NOT NULL AND NOT s.hello ? 'taken' AS says_hello
      FROM unnest($1::uuid[]) c(node_id) JOIN outbox.node_stream s ON s.node_id = c.node_id
      JOIN ring.key_ring r ON r.scope = s.scope
      JOIN ring.key_ring p ON p.scope = '${PLATFORM}'
     WHERE s.state = 'open' AND ${IS_UNCLAIMED}
       AND (${KEY_NEWS} OR (NOT ${IS_CUT_OFF} AND
            (($3 AND ${CLOSE_NEWS}) OR s.hello IS NOT NULL OR ${RESEND_DUE} OR ${UNSENT})))
       FOR UPDATE OF s SKIP LOCKED
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
      chain = CASE WHEN NOT d.says_hello THEN s.chain END,
      hello = CASE WHEN d.says_hello THEN s.hello || '{"taken": true}' ELSE s.hello END,
      resend_count = CASE WHEN d.says_hello THEN 0 WHEN d.resend THEN s.resend_count + 1 ELSE s.resend_count END,
      resend_at = CASE WHEN d.says_hello THEN NULL
                       WHEN d.resend THEN ${RESEND_AFTER('s.resend_count + 2')} ELSE s.resend_at END
      FROM due d WHERE s.node_id = d.node_id
    RETURNING s.*, d.says_hello, d.says_hello OR d.resend AS sends_again
  )
  SELECT node_id AS "nodeId", scope, listens, attempt::float8, ${toldOf('told_epoch')} AS "toldEpoch",
         ${toldOf('told_platform_epoch')} AS "toldPlatformEpoch",
         platform_forked_from::float8 AS "platformForkedFrom",
         chain,
         settled_position::float8 AS "settledPosition", last_position::float8 AS "lastPosition",
         last_sequence::float8 AS "lastSequence",
         CASE WHEN hello IS NOT NULL
              THEN jsonb_build_object('helloId', hello ->> 'hello_id', 'corrects', hello ? 'corrects') END AS hello,
         waits_since IS NOT NULL AS waits,
         CASE WHEN ready_epoch IS NOT NULL
              THEN jsonb_build_object('epoch', ready_epoch, 'position', ready_position) END AS ready,
         sends_again AS "sendsAgain", says_hello AND missed IS NOT NULL AS "needsResync",
         says_hello AND (missed IS NOT NULL OR coalesce((hello ->> 'position')::bigint < settled_position, false)) AS "lacksEvents"
    FROM taken s`);

/** A Node as it was claimed. */
export interface TakenNode extends ClaimedNode {
  /** What was sent to it is in doubt. */
  sendsAgain: boolean;
  /** It is back, and events have expired unheard. */
  needsResync: boolean;
  /** That, or it holds less than was settled, since its store is lost: of what is settled nothing is sent again. */
  lacksEvents: boolean;
}

/** In the caller's transaction: those of which something is due are this relay's; without `closeNews`, none for a close alone. */
export async function claimNodes(
  manager: EntityManager,
  owner: string,
  nodeIds: readonly string[],
  { closeNews = true }: { closeNews?: boolean } = {},
): Promise<TakenNode[]> {
  const taken = await runPrepared<Omit<TakenNode, 'chain'> & { chain: ChainRow | null }>(manager, TAKE, [
    nodeIds,
    owner,
    closeNews,
  ]);
  return taken.map((node) => ({ ...node, chain: node.chain && chainPlace(node.chain) }));
}
