import { createPrivateKey, type KeyObject } from 'node:crypto';
import { makeKeyPair, rawPublicKey } from '@plexsphere/wire';
import { MaterialError } from './errors';
import type { KekProvider } from './kek';
import { insertKey, loadKey, type KeyName, type WrappedKey } from './key-store';
import type { Sql } from './sql';
import { unwrap, wrap } from './wrap';

/** A key in hand, ready to sign. */
export interface SigningKey extends KeyName {
  algorithm: 'Ed25519';
  /** Standard base64 of the raw public key. */
  publicKey: string;
  privateKey: KeyObject;
}

const ALGORITHM = 'Ed25519';

/**
 * Makes the key of that name and persists it wrapped; asked again, by whichever signer, it is the same key. What is
 * returned was read back and unwrapped, so a key that could not be opened later never goes into a ring.
 * @throws MaterialError key_destroyed, other_kek, tampered
 */
export async function makeSigningKey(sql: Sql, kek: KekProvider, name: KeyName): Promise<SigningKey> {
  const { privateKey, publicKey } = makeKeyPair();
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' });
  const wrapped = await wrap(kek, { ...name, algorithm: ALGORITHM }, secret);
  secret.fill(0);
  const { scope, purpose, keyId } = name;
  const key = { scope, purpose, keyId, algorithm: ALGORITHM, publicKey: rawPublicKey(publicKey), ...wrapped };
  return openKey(kek, await insertKey(sql, key));
}

/** @throws MaterialError unknown_key, key_destroyed, other_kek, tampered */
export const loadSigningKey = async (sql: Sql, kek: KekProvider, name: KeyName): Promise<SigningKey> =>
  openKey(kek, await loadKey(sql, name));

async function openKey(kek: KekProvider, wrapped: WrappedKey): Promise<SigningKey> {
  const { scope, purpose, keyId, algorithm, publicKey } = wrapped;
  const secret = await unwrap(kek, { scope, purpose, keyId, algorithm }, wrapped);
  const privateKey = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
  secret.fill(0);
  // The public half is not part of what was wrapped: a row that shows another one would put that one into a statement.
  if (algorithm !== ALGORITHM || rawPublicKey(privateKey) !== publicKey)
    throw new MaterialError('tampered', { scope, keyId });
  return { scope, purpose, keyId, algorithm, publicKey, privateKey };
}
