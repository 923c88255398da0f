/** Keys of the algorithm that Nodes know. */
import { createHash, createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import {
  ALGORITHMS,
  MESH_ALGORITHM,
  privateKeyFromSeed,
  publicText,
  type PrivateKey,
  type PublicKey,
} from '@plexsphere/wire';

/** One that signs at once, so that specs need not wait. */
export interface TestPrivateKey extends PrivateKey {
  readonly publicKey: PublicKey;
  sign(data: Uint8Array): Buffer;
}

/** The same name is the same key in every run. */
export function privateKeyOf(name: string): TestPrivateKey {
  const seed = createHash('sha256').update(name).digest();
  const secret = privateKeyFromSeed(seed).export({ format: 'der', type: 'pkcs8' });
  return ALGORITHMS[MESH_ALGORITHM].load(secret) as TestPrivateKey;
}

/** The public half of the key of that name, as text. */
export const publicKeyOf = (name: string): string => publicText(privateKeyOf(name));

/** Another key each time. */
export function newKeyPair(): { privateKey: TestPrivateKey; publicKey: PublicKey } {
  const privateKey = privateKeyOf(randomUUID());
  return { privateKey, publicKey: privateKey.publicKey };
}

/** As Node's own crypto and other libraries take it. */
export const keyObjectOf = (key: PrivateKey): KeyObject =>
  createPrivateKey({ key: key.secret(), format: 'der', type: 'pkcs8' });
