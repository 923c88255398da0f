/** A Node as it is judged when it speaks by its key: its state, its latest key, and the key that it speaks by. */
import { NODE_KEY_OVERLAP_MS, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface NodeKeyRow {
  generation: number;
  publicKey: string;
  /** Null of generation 0, as all that is of a token. */
  requestHash: string | null;
  token: string | null;
  /** Seconds since 1970. */
  tokenIat: number | null;
  tokenExpiresAt: Date | null;
  /** When the last of its tokens ends; null where that is never. */
  tokensUntil: Date | null;
  /** Of the token before, until this one is confirmed. */
  formerTokenHash: string | null;
  /** Where that one is to end, until when it does not; gone a while after. */
  formerUntil: Date | null;
  /** When the key that came after it was the only one: by confirmation, or by itself. Null of the latest. */
  endsAt: Date | null;
}

export interface KnownNode {
  id: string;
  scope: Scope;
  name: string;
  tags: string[];
  state: 'enrolled' | 'removed' | 'revoked';
  removedAt: Date | null;
  rotateAfter: Date | null;
  contestedAt: Date | null;
  latest: NodeKeyRow;
  /** Undefined: the key is none of this Node's, and never was. */
  speaker: NodeKeyRow | undefined;
}

/** A Node beside one of its keys: null all of it where it has none of its own making. */
type Row = Omit<KnownNode, 'latest' | 'speaker'> & {
  [Member in keyof NodeKeyRow]: NodeKeyRow[Member] | null;
} & { present: string | null };

/**
 * The latest one first, and the one that is named: two rows at most, however many there were. In one statement: of a Node
 * whose key changes meanwhile all is from before, or all from after.
 */
const SELECT_NODE = `
  SELECT node.id, node.scope, node.name, node.tags, node.state, node.removed_at AS "removedAt",
         node.rotate_after AS "rotateAfter", node.contested_at AS "contestedAt", node.bus_public_key AS present,
         own.generation::float8 AS generation, own.public_key AS "publicKey", own.request_hash AS "requestHash",
         own.token, own.token_iat::float8 AS "tokenIat", own.token_expires_at AS "tokenExpiresAt",
         own.tokens_until AS "tokensUntil", own.former_token_hash AS "formerTokenHash",
         own.former_until AS "formerUntil",
         least(next.created_at + interval '${NODE_KEY_OVERLAP_MS} ms', next.confirmed_at) AS "endsAt"
    FROM ring.node AS node
    LEFT JOIN (ring.node_key AS own
               LEFT JOIN ring.node_key AS next
                 ON next.node_id = own.node_id AND next.generation = own.generation + 1)
      ON own.node_id = node.id AND (next.node_id IS NULL OR own.public_key = $2)
   WHERE node.id = $1
   ORDER BY own.generation DESC`;

/**
 * Undefined where there is no such Node, or one that has no key on the bus. Locked, nobody changes its key or takes it out
 * meanwhile; those who tell it something may go on, since they need the row to stay and no more.
 */
export async function readNode(
  manager: EntityManager,
  nodeId: string,
  publicKey: string,
  lock: '' | 'FOR NO KEY UPDATE' = '',
): Promise<KnownNode | undefined> {
  // Before anything is read: what a lock was waited for has changed.
  if (lock !== '') await manager.query(`SELECT FROM ring.node WHERE id = $1 ${lock}`, [nodeId]);
  const rows = await manager.query<Row[]>(SELECT_NODE, [nodeId, publicKey]);
  const [found] = rows;
  if (found === undefined) return undefined;
  const keys = rows.filter(isOfKey).map(keyOf);
  const { id, scope, name, tags, state, removedAt, rotateAfter, contestedAt, present } = found;
  const latest = keys[0] ?? (present === null ? undefined : givenKey(present));
  if (latest === undefined) return undefined;
  return {
    ...{ id, scope, name, tags, state, removedAt, rotateAfter, contestedAt, latest },
    speaker: [...keys, latest].find((key) => key.publicKey === publicKey),
  };
}

type RowOfKey = Row & { generation: number; publicKey: string };

const isOfKey = (row: Row): row is RowOfKey => row.generation !== null && row.publicKey !== null;

const keyOf = (row: RowOfKey): NodeKeyRow => {
  const { generation, publicKey, requestHash, token, tokenIat, tokenExpiresAt } = row;
  const { tokensUntil, formerTokenHash, formerUntil, endsAt } = row;
  return {
    ...{ generation, publicKey, requestHash, token, tokenIat, tokenExpiresAt },
    ...{ tokensUntil, formerTokenHash, formerUntil, endsAt },
  };
};

/** Of `node add`: it was handed out once, and ends with the Node, or when the Node takes a key of its own making. */
const givenKey = (publicKey: string): NodeKeyRow => ({
  ...{ generation: 0, publicKey, requestHash: null, token: null, tokenIat: null, tokenExpiresAt: null },
  ...{ tokensUntil: null, formerTokenHash: null, formerUntil: null, endsAt: null },
});

/** By whose clock proofs end, and for whom they have to be. */
export interface Terms {
  now: Date;
  account: string;
}

export async function readTerms(manager: EntityManager): Promise<Terms> {
  const [terms] = await manager.query<[Terms]>(
    `SELECT date_trunc('milliseconds', clock_timestamp()) AS now, bus_account_public_key AS account FROM ring.installation`,
  );
  return terms;
}
