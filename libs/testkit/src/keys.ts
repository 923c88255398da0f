/** Keys of the algorithm that Nodes know. */
import { createHash, createPrivateKey, createPublicKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import {
  ALGORITHMS,
  MESH_ALGORITHM,
  publicText,
  secretFromSeed,
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
  return ALGORITHMS[MESH_ALGORITHM].load(secretFromSeed(seed)) as TestPrivateKey;
}

/** The public half of the key of that name, as text. */
export const publicKeyOf = (name: string): string => publicText(privateKeyOf(name));

/** Another key each time. */
export function newKeyPair(): { privateKey: TestPrivateKey; publicKey: PublicKey } {
  const privateKey = privateKeyOf(randomUUID());
  return { privateKey, publicKey: privateKey.publicKey };
}

/** A public half of RSA, of whatever number, which takes no time to make: nobody can tell without its factors. */
export function rsaPublicKey(bits: number, e = 'AQAB'): string {
  const modulus = randomBytes(bits / 8);
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  modulus[modulus.length - 1] = (modulus.at(-1) ?? 0) | 1;
  const key = createPublicKey({ key: { kty: 'RSA', n: modulus.toString('base64url'), e }, format: 'jwk' });
  return key.export({ format: 'der', type: 'spki' }).toString('base64');
}

/** As Node's own crypto and other libraries take it. */
export const keyObjectOf = (key: PrivateKey): KeyObject =>
  createPrivateKey({ key: key.secret(), format: 'der', type: 'pkcs8' });
