import type { AlgorithmName, Sql } from '@plexsphere/wire';
import { keyHash } from '@plexsphere/wire/jws';
import { MaterialError } from './errors';
import type { KekProvider } from './kek';
import { insertKey, loadKey, type KeyName } from './key-store';
import { loadSigningKey, newKey, openKey, type SigningKey } from './signing-key';
import { wrap } from './wrap';

/** No key id begins so. */
const AHEAD = '~';

const aheadName = (scope: string, hash: string): KeyName => ({ scope, keyId: `${AHEAD}${hash}` });

/**
 * Makes the key that a ring may introduce after the next one, and keeps it under the hash of its public half, which is
 * what the statement commits to. It has been opened once, so a hash that goes into a statement is of a key that is there.
 * @throws MaterialError other_kek, tampered
 */
export async function makeKeyAhead(
  sql: Sql,
  kek: KekProvider,
  scope: string,
  algorithm: AlgorithmName,
): Promise<string> {
  const { publicKey, secret } = await newKey(algorithm);
  if (publicKey === null) throw new TypeError('a key without a public half');
  const hash = keyHash(publicKey);
  const name = aheadName(scope, hash);
  const wrapped = await wrap(kek, { ...name, algorithm }, secret);
  secret.fill(0);
  await openKey(kek, await insertKey(sql, { ...name, algorithm, publicKey, ...wrapped }));
  return hash;
}

/**
 * Opens the key that was committed to and wraps it anew under the kid that it is to have; asked again, it is the same.
 * The first copy stays until the ring has taken the key: an attempt that loses has used nothing up.
 * @throws MaterialError no_key_ahead where it does not open; key_destroyed, other_key, other_kek, tampered for the kid
 */
export async function introduceKey(sql: Sql, kek: KekProvider, name: KeyName, hash: string): Promise<SigningKey> {
  const { algorithm, publicKey, privateKey } = await loadKeyAhead(sql, kek, name.scope, hash);
  const secret = privateKey.secret();
  const wrapped = await wrap(kek, { ...name, algorithm }, secret);
  secret.fill(0);
  const stored = await insertKey(sql, { ...name, algorithm, publicKey, ...wrapped }, { introduced: true });
  if (stored.publicKey !== publicKey) throw new MaterialError('other_key', { ...name });
  return openKey(kek, stored);
}

async function loadKeyAhead(sql: Sql, kek: KekProvider, scope: string, hash: string) {
  try {
    const { publicKey, ...key } = await loadSigningKey(sql, kek, aheadName(scope, hash));
    // A row may be moved, but not to the hash of another key.
    if (publicKey === null || keyHash(publicKey) !== hash) throw new MaterialError('tampered');
    return { publicKey, ...key };
  } catch (error) {
    if (!(error instanceof MaterialError)) throw error;
    throw new MaterialError('no_key_ahead', { scope, reason: error.code });
  }
}

/** What of a scope's keys ahead is to be forgotten. */
export interface Overtaken {
  scope: string;
  /** Hashes that heads commit to: these stay, however old they are. */
  kept: readonly string[];
  /** The kid of a key that a ring has taken: its first copy goes at once. */
  introduced: string | null;
  /** The others go if they were made before. */
  before: Date;
}

export async function forgetKeysAhead(sql: Sql, { scope, kept, introduced, before }: Overtaken): Promise<void> {
  const names = kept.map((hash) => aheadName(scope, hash).keyId);
  await sql.query('SELECT material.forget_ahead($1, $2, $3, $4)', [scope, names, introduced, before]);
}

/** The public half of a key, whether its private one is there or not; undefined where no such key was made. */
export async function publicHalf(sql: Sql, name: KeyName): Promise<string | null | undefined> {
  return loadKey(sql, name).then(
    ({ publicKey }) => publicKey,
    (error: unknown) => {
      if (error instanceof MaterialError) return undefined;
      throw error;
    },
  );
}
