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

interface NodeRow extends Omit<KnownNode, 'latest' | 'speaker'> {
  publicKey: string | null;
}

const SELECT_NODE = `
  SELECT id, scope, name, tags, state, removed_at AS "removedAt", rotate_after AS "rotateAfter",
         contested_at AS "contestedAt", bus_public_key AS "publicKey"
    FROM ring.node WHERE id = $1`;

/** The latest one first, and the one that is named: two rows at most, however many there were. */
const SELECT_KEYS = `
  SELECT own.generation::float8 AS generation, own.public_key AS "publicKey", own.request_hash AS "requestHash",
         own.token, own.token_iat::float8 AS "tokenIat", own.token_expires_at AS "tokenExpiresAt",
         own.tokens_until AS "tokensUntil", own.former_token_hash AS "formerTokenHash",
         least(next.created_at + interval '${NODE_KEY_OVERLAP_MS} ms', next.confirmed_at) AS "endsAt"
    FROM ring.node_key AS own
    LEFT JOIN ring.node_key AS next ON next.node_id = own.node_id AND next.generation = own.generation + 1
   WHERE own.node_id = $1 AND (next.node_id IS NULL OR own.public_key = $2)
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
  const [found] = await manager.query<NodeRow[]>(`${SELECT_NODE} ${lock}`, [nodeId]);
  if (found === undefined) return undefined;
  const { publicKey: present, ...node } = found;
  const keys = await manager.query<NodeKeyRow[]>(SELECT_KEYS, [nodeId, publicKey]);
  const latest = keys[0] ?? (present === null ? undefined : givenKey(present));
  if (latest === undefined) return undefined;
  return { ...node, latest, speaker: [...keys, latest].find((key) => key.publicKey === publicKey) };
}

/** Of `node add`: it was handed out once, and ends with the Node, or when the Node takes a key of its own making. */
const givenKey = (publicKey: string): NodeKeyRow => ({
  ...{ generation: 0, publicKey, requestHash: null, token: null, tokenIat: null, tokenExpiresAt: null },
  ...{ tokensUntil: null, formerTokenHash: null, endsAt: null },
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
