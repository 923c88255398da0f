import { ALGORITHMS, isAlgorithmName, type AlgorithmName, type PrivateKey, type Sql } from '@plexsphere/wire';
import { MaterialError } from './errors';
import type { KekProvider } from './kek';
import { insertKey, loadKey, takeMade, type KeyName, type WrappedKey } from './key-store';
import { unwrap, wrap } from './wrap';

/** A key in hand, ready to sign. */
export interface SigningKey extends KeyName {
  algorithm: AlgorithmName;
  /** null where it has no public half. */
  publicKey: string | null;
  privateKey: PrivateKey;
}

/**
 * Makes the key of that name and persists it wrapped; asked again, by whichever signer, it is the same key. What is
 * returned was read back and unwrapped, so a key that could not be opened later never goes into a ring.
 * @throws MaterialError key_destroyed, other_algorithm, other_kek, tampered
 */
export async function makeSigningKey(
  sql: Sql,
  kek: KekProvider,
  name: KeyName,
  algorithm: AlgorithmName,
): Promise<SigningKey> {
  const key = await openKey(kek, (await takeMade(sql, name)) ?? (await insertNewKey(sql, kek, name, algorithm)));
  if (key.algorithm !== algorithm) throw new MaterialError('other_algorithm', { ...name });
  return key;
}

/** Not before it is known that there is none: one of RSA takes a core for a tenth of a second, or for many on a busy machine. */
async function insertNewKey(
  sql: Sql,
  kek: KekProvider,
  { scope, keyId }: KeyName,
  algorithm: AlgorithmName,
): Promise<WrappedKey> {
  const { publicKey, secret } = await newKey(algorithm);
  const wrapped = await wrap(kek, { scope, keyId, algorithm }, secret);
  secret.fill(0);
  return insertKey(sql, { scope, keyId, algorithm, publicKey, ...wrapped });
}

/** Both halves; whoever asks fills the secret with zeros. */
export async function newKey(algorithm: AlgorithmName): Promise<{ publicKey: string | null; secret: Buffer }> {
  const privateKey = await ALGORITHMS[algorithm].generate();
  return { publicKey: privateKey.publicKey?.text ?? null, secret: privateKey.secret() };
}

/** @throws MaterialError unknown_key, key_destroyed, other_kek, tampered */
export const loadSigningKey = async (sql: Sql, kek: KekProvider, name: KeyName): Promise<SigningKey> =>
  openKey(kek, await loadKey(sql, name));

/** @throws MaterialError other_kek, tampered */
export async function openKey(kek: KekProvider, wrapped: WrappedKey): Promise<SigningKey> {
  const { scope, keyId, algorithm, publicKey } = wrapped;
  const secret = await unwrap(kek, { scope, keyId, algorithm }, wrapped);
  if (!isAlgorithmName(algorithm)) throw new MaterialError('tampered', { scope, keyId });
  const privateKey = ALGORITHMS[algorithm].load(secret);
  secret.fill(0);
  // The public half is not part of what was wrapped: a row that shows another one would put that one into a statement.
  if ((privateKey.publicKey?.text ?? null) !== publicKey) throw new MaterialError('tampered', { scope, keyId });
  return { scope, keyId, algorithm, publicKey, privateKey };
}
