/** Keys of the algorithm that Nodes know, and an algorithm that the product does not have: a secret of both sides. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  randomUUID,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import {
  ALGORITHMS,
  MESH_ALGORITHM,
  publicText,
  secretFromSeed,
  type Algorithm,
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

/** HS256, which has no public half: put into the table of algorithms by specs that show what such keys can do. */
export const SHARED_SECRET: Algorithm = {
  alg: 'HS256',
  kty: 'oct',
  generate: async () => SHARED_SECRET.load(await promisify(randomBytes)(32)),
  load: (secret) => {
    if (secret.length !== 32) throw new TypeError('not a key for HS256');
    const key = Buffer.from(secret);
    const sign = (data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();
    const verify = (data: Uint8Array, signature: Uint8Array): boolean => {
      const mac = sign(data);
      return mac.length === signature.length && timingSafeEqual(mac, signature);
    };
    return { algorithm: SHARED_SECRET, publicKey: null, sign, verify, secret: () => Buffer.from(key) };
  },
};
