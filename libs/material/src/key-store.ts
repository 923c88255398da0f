import type { Sql } from '@plexsphere/wire';
import { MaterialError } from './errors';
import type { KekProvider } from './kek';
import type { Wrapped } from './wrap';

export interface KeyName {
  scope: string;
  keyId: string;
}

export interface WrappedKey extends KeyName, Wrapped {
  algorithm: string;
  /** As its algorithm writes it; null for a key that has no public half. */
  publicKey: string | null;
}

interface KeyRow extends Omit<WrappedKey, 'nonce' | 'ciphertext'> {
  nonce: Buffer | null;
  ciphertext: Buffer | null;
}

/**
 * Stores the key, or returns the one that stands under that name already: signers that are asked for the same key at
 * the same time all end with the same one. A key of the other kind (a copy of one that was made ahead, or one made for the
 * name), which an attempt that lost left there, gives way once no attempt can commit it any more.
 * @throws MaterialError key_destroyed; other_key while it does not give way, with `free_at`
 */
export async function insertKey(sql: Sql, key: WrappedKey, { introduced = false } = {}): Promise<WrappedKey> {
  await sql.query(
    // The conflict waits for a transaction that inserts the same name, so the look afterwards sees what that committed.
    // Asked for again, the same key is as good as new: forgetPreparedKey leaves it alone.
    `INSERT INTO material.wrapped_key AS present (scope, key_id, algorithm, public_key, kek_id, nonce, ciphertext, introduced)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (scope, key_id) DO UPDATE SET prepared_at = clock_timestamp()
      WHERE present.introduced = excluded.introduced`,
    [...columnsOf(key), introduced],
  );
  const [left] = await sql.query<{ freeAt: Date | null }[]>(
    'SELECT material.replace_left($1, $2, $3, $4, $5, $6, $7, $8) AS "freeAt"',
    [...columnsOf(key), introduced],
  );
  const { scope, keyId } = key;
  if (left?.freeAt) throw new MaterialError('other_key', { scope, keyId, free_at: left.freeAt.toISOString() });
  return loadKey(sql, key);
}

/**
 * The key that was made for that name, as good as new for being asked for again (forgetPreparedKey leaves it alone);
 * undefined where there is none, or a copy of one that was made ahead.
 */
export async function takeMade(sql: Sql, name: KeyName): Promise<WrappedKey | undefined> {
  const touched = await sql.query<unknown[]>(
    `WITH touched AS (
       UPDATE material.wrapped_key SET prepared_at = clock_timestamp()
        WHERE scope = $1 AND key_id = $2 AND NOT introduced AND destroyed_at IS NULL RETURNING key_id)
     SELECT key_id FROM touched`,
    [name.scope, name.keyId],
  );
  return touched.length === 0 ? undefined : loadKey(sql, name);
}

const columnsOf = (key: WrappedKey): unknown[] => [
  ...[key.scope, key.keyId, key.algorithm, key.publicKey, key.kekId, key.nonce, key.ciphertext],
];

/** @throws MaterialError unknown_key, key_destroyed */
export async function loadKey(sql: Sql, { scope, keyId }: KeyName): Promise<WrappedKey> {
  const [row] = await sql.query<KeyRow[]>(
    `SELECT scope, key_id AS "keyId", algorithm, public_key AS "publicKey", kek_id AS "kekId", nonce, ciphertext
     FROM material.wrapped_key WHERE scope = $1 AND key_id = $2`,
    [scope, keyId],
  );
  if (row === undefined) throw new MaterialError('unknown_key', { scope, keyId });
  const { nonce, ciphertext } = row;
  if (nonce === null || ciphertext === null) throw new MaterialError('key_destroyed', { scope, keyId });
  return { ...row, nonce, ciphertext };
}

/**
 * Forgets the private half and every copy of it; the row stays, so that the name is never given again. Destroying twice,
 * or a key that was never made, is fine: afterwards there is none. What stood in the row before, still wrapped, stays in
 * files, log and backups until those are overwritten: SECURITY.md says what that means.
 */
export async function destroyKey(sql: Sql, { scope, keyId }: KeyName): Promise<void> {
  await sql.query('SELECT material.destroy($1, $2)', [scope, keyId]);
}

/**
 * Deletes a key that no ring took, name and all, unless it was asked for after `before`. The caller says that it never
 * stood in a ring.
 */
export async function forgetPreparedKey(sql: Sql, { scope, keyId }: KeyName, before: Date): Promise<void> {
  await sql.query('SELECT material.forget_prepared($1, $2, $3)', [scope, keyId, before]);
}

/** Every private half of a scope that is left; their names stay taken. Twice is fine. */
export async function destroyKeysOf(sql: Sql, scope: string): Promise<void> {
  await sql.query(
    `UPDATE material.wrapped_key SET nonce = NULL, ciphertext = NULL, destroyed_at = now()
     WHERE scope = $1 AND destroyed_at IS NULL`,
    [scope],
  );
}

/**
 * At start-up: with another KEK a signer could open nothing that is there, and would wrap new keys that the other
 * signers cannot open. Destroyed keys need none.
 * @throws MaterialError other_kek
 */
export async function requireOwnKek(sql: Sql, { kekId }: KekProvider): Promise<void> {
  const others = await sql.query<{ kekId: string }[]>(
    `SELECT kek_id AS "kekId" FROM material.wrapped_key WHERE destroyed_at IS NULL AND kek_id <> $1
     UNION SELECT kek_id FROM material.bus_key WHERE kek_id <> $1 ORDER BY 1`,
    [kekId],
  );
  const found = others.map((other) => other.kekId).join(',');
  if (found !== '') throw new MaterialError('other_kek', { expected: kekId, found });
}
