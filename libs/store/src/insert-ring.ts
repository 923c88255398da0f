import { randomUUID } from 'node:crypto';
import { activeKey, announcedKeys, type Key, type KeyRing } from '@plexsphere/keyring';
import type { AlgorithmName, Sql } from '@plexsphere/wire';

/** What a signer made for a change: a key where one comes in, and the statement, where such a ring has any. */
export interface MadeKey {
  algorithm: AlgorithmName;
  /** null for a key that has no public half. */
  publicKey: string | null;
  /** In its place, of a secret that members of a channel share: by what they, and signers, tell that they hold the same. */
  checkValue?: string | null;
}

export interface MadeStatement {
  text: string;
  hash: string;
  /** The hash of the key made ahead that it commits to; null where rings of that kind do not. */
  next: string | null;
  /** Whether the superior authority vouches for it; and the epoch of the platform's ring, where it is that one's key. */
  bySuperior: boolean;
  authorityEpoch: number | null;
}

/**
 * A ring that is born, of whatever kind: its first key signs from this transaction on. Bring-up writes the platform's by
 * it, and rotation every other.
 */
export async function insertRing(
  sql: Sql,
  ring: KeyRing,
  key: MadeKey,
  statement: MadeStatement | null,
): Promise<void> {
  const { scope, epoch, trustEpoch } = ring;
  await sql.query('INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, $2, $3)', [
    scope,
    epoch,
    trustEpoch,
  ]);
  await insertKey(sql, ring, activeKey(ring), key);
  await insertRingChange(sql, ring, 'create', randomUUID(), statement);
}

/** A key that stands in the ring from this transaction on, and is no longer one that waits for a ring to take it. */
export async function insertKey(
  sql: Sql,
  { scope, epoch }: Pick<KeyRing, 'scope' | 'epoch'>,
  { keyId, state, verifiesUntil, stagedAt, rotateBy, longestTokenMs, tokensUntil, foreign }: Key,
  { algorithm, publicKey, checkValue = null }: MadeKey,
): Promise<void> {
  await sql.query(
    `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, state_since, verifies_until, staged_at,
                                   rotate_by, longest_token_ms, tokens_until, foreign_signs_until, jwk_kid, check_value,
                                   staged_epoch, created_at)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp(), $6, $7, $8, $9, $10, $11, $12, $13, $14, clock_timestamp())`,
    [
      ...[scope, keyId, algorithm, publicKey, state, verifiesUntil, stagedAt, rotateBy, longestTokenMs],
      ...[tokensUntil, foreign?.signsUntil ?? null, foreign?.kid ?? null],
      ...[checkValue, checkValue === null ? null : epoch],
    ],
  );
  await sql.query('DELETE FROM ring.prepared_key WHERE scope = $1 AND key_id = $2', [scope, keyId]);
}

export type ChangeName =
  | 'create'
  | 'rotate'
  | 'stage'
  | 'unstage'
  | 'rollback'
  | 'revoke'
  | 'recommit'
  | 'recovery'
  | 'import'
  | 'close'
  | 'settle'
  | 'policy'
  | 'activate'
  | 'members';

/** One row an epoch: who signs after it, and what was told of it. A first one has nothing to switch from. */
export const insertRingChange = (
  sql: Sql,
  ring: KeyRing,
  change: ChangeName,
  eventId: string,
  statement: MadeStatement | null,
): Promise<unknown> => {
  const { previous, expires } = announcedKeys(ring.keys);
  return sql.query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, next,
                                   by_superior, authority_epoch, previous_key_id, previous_until, switched_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $3 = 'create' THEN clock_timestamp() END)`,
    [
      ...[ring.scope, ring.epoch, change, activeKey(ring).keyId, eventId],
      ...[statement?.text ?? null, statement?.hash ?? null, statement?.next ?? null],
      ...[statement?.bySuperior ?? false, statement?.authorityEpoch ?? null],
      ...[previous?.keyId ?? null, expires],
    ],
  );
};
