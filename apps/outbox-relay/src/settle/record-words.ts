import { takeWord, type GoNode } from '@plexsphere/keyring';
import { asInstant } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { NodeStreamWord } from './read-http-words';
import { HAS_MESSAGE } from '../node-stream';
import { noteKeyMarks, type KeyMark } from './key-marks';
import { appliedKeys, settleMessages } from './settle-acks';

/** Those that read no statement, in the order of node_id, as everybody locks these rows; `now`: once they are. */
const LOCK = `
  WITH locked AS MATERIALIZED (
    SELECT s.* FROM outbox.node_stream s JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
     WHERE s.node_id = ANY($1::uuid[]) AND s.listens = 'go'
     ORDER BY s.node_id FOR UPDATE OF s
  )
  SELECT s.node_id AS "nodeId", s.scope, s.settled_epoch::float8 AS "settledEpoch", s.told_epoch::float8 AS "toldEpoch",
         s.told_since::float8[] AS "toldSince",
         s.settled_position::float8 AS "settledPosition", s.last_position::float8 AS "lastPosition",
         CASE WHEN s.ready_epoch IS NOT NULL
              THEN jsonb_build_object('epoch', s.ready_epoch, 'position', s.ready_position) END AS ready,
         s.hello_id AS "helloId", s.hello IS NOT NULL AS "isHelloUnanswered",
         ${HAS_MESSAGE('sent')} OR ${HAS_MESSAGE('unsent')} AS "hasUnsettled",
         s.waits_since IS NOT NULL AS waits, ${asInstant('s.word_at')} AS "wordAt",
         r.trust_epoch::float8 AS "trustEpoch", ${asInstant('clock_timestamp()')} AS now
    FROM locked s JOIN ring.key_ring r ON r.scope = s.scope`;

interface KnownGoNode extends GoNode {
  nodeId: string;
  scope: Scope;
  trustEpoch: number;
  now: string;
}

/**
 * Whoever has claimed one of these Nodes has lost it: what was signed before the word is not marked, and where it is
 * published all the same, the stream that said the word does not pass it.
 */
const RECORD = `
  UPDATE outbox.node_stream s SET
    told_epoch = d.told_epoch,
    told_since = d.told_since,
    settled_epoch = d.settled_epoch,
    settled_position = d.settled_position,
    waits_since = CASE WHEN d.waits THEN coalesce(s.waits_since, clock_timestamp()) END,
    word_at = d.word_at::timestamptz,
    hello = CASE WHEN d.asks THEN jsonb_build_object('hello_id', d.hello_id, 'epoch', d.told_epoch) ELSE s.hello END,
    hello_id = d.hello_id,
    claim_owner = NULL,
    claim_deadline = clock_timestamp(),
    attempt = s.attempt + 1,
    first_seen_at = CASE WHEN d.waits THEN s.first_seen_at ELSE coalesce(s.first_seen_at, clock_timestamp()) END,
    called_at = coalesce(s.called_at, clock_timestamp()),
    stream_seen_at = CASE WHEN d.asks OR d.waits THEN clock_timestamp() ELSE s.stream_seen_at END,
    last_seen_at = clock_timestamp()
    FROM jsonb_to_recordset($1::jsonb) AS d(node_id uuid, told_epoch bigint, told_since bigint[], settled_epoch bigint,
      settled_position bigint, waits boolean, word_at text, asks boolean, hello_id text)
   WHERE s.node_id = d.node_id`;

export interface RecordedWords {
  handled: number;
  /** Read before one that was handled already. */
  stale: number;
  /** Of epochs, positions or times that there are not yet; and of Nodes that nobody speaks for by words. */
  refused: NodeStreamWord[];
}

/** Words in the order in which they came, in the caller's transaction. */
export async function recordWords(manager: EntityManager, words: readonly NodeStreamWord[]): Promise<RecordedWords> {
  const ids = [...new Set(words.map(({ nodeId }) => nodeId))];
  const rows = await manager.query<KnownGoNode[]>(LOCK, [ids]);
  const before = new Map(rows.map((row) => [row.nodeId, row]));
  const nodes = new Map(before);
  const asking = new Set<string>();
  const changed = new Set<string>();
  const recorded: RecordedWords = { handled: 0, stale: 0, refused: [] };
  for (const word of words) {
    const node = nodes.get(word.nodeId);
    if (node === undefined || !isCredible(word, node)) {
      recorded.refused.push(word);
      continue;
    }
    const after = takeWord(node, word);
    if (after === undefined) {
      recorded.stale++;
      continue;
    }
    recorded.handled++;
    nodes.set(word.nodeId, { ...node, ...after });
    changed.add(word.nodeId);
    if (word.helloId !== null) asking.add(word.nodeId);
  }
  if (changed.size === 0) return recorded;
  const taken = [...changed].flatMap((nodeId) => nodes.get(nodeId) ?? []);
  await manager.query(RECORD, [JSON.stringify(taken.map((node) => record(node, asking.has(node.nodeId))))]);
  await noteKeyMarks(
    manager,
    taken.flatMap((node) => ownKeysApplied(before.get(node.nodeId) ?? node, node)),
  );
  await settleMessages(
    manager,
    taken.map(({ nodeId, settledPosition }) => ({
      nodeId,
      after: before.get(nodeId)?.settledPosition ?? settledPosition,
      upTo: settledPosition,
      acknowledges: false,
    })),
  );
  return recorded;
}

/** It hears of its own ring alone. */
const ownKeysApplied = (before: KnownGoNode, { nodeId, scope, settledEpoch }: KnownGoNode): KeyMark[] =>
  appliedKeys(
    { nodeId, scope, settledEpoch: before.settledEpoch, settledPlatformEpoch: 0 },
    { nodeId, scope, settledEpoch, settledPlatformEpoch: 0 },
  );

/** A gateway reads what it says from the same database: it cannot know of more than there is. */
const isCredible = ({ epoch, waits, position, readAt }: NodeStreamWord, node: KnownGoNode): boolean =>
  (waits || epoch <= node.trustEpoch) && (position ?? 0) <= node.lastPosition && readAt <= node.now;

const record = (node: KnownGoNode, asks: boolean): object => ({
  ...{ node_id: node.nodeId, told_epoch: node.toldEpoch, told_since: node.toldSince },
  ...{ settled_epoch: node.settledEpoch },
  ...{ settled_position: node.settledPosition, waits: node.waits, word_at: node.wordAt, asks, hello_id: node.helloId },
});
