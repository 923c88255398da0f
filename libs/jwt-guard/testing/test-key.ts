/** Keys of an issuer, for specs: made here, published as JWKs, and signing by jose. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, SignJWT, type JWK, type JWTHeaderParameters } from 'jose';

export type Alg = 'ES256' | 'EdDSA' | 'RS256' | 'PS256';

interface Pair {
  publicKey: Buffer;
  privateKey: Buffer;
}

const GENERATE: Record<Alg, (bits: number) => Pair> = {
  ES256: () =>
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    }),
  EdDSA: () =>
    generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    }),
  RS256: rsa,
  PS256: rsa,
};

function rsa(modulusLength: number): Pair {
  return generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
}

export interface TestKey {
  alg: Alg;
  kid: string;
  /** As an issuer publishes it. */
  jwk: JWK;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export async function testKey(kid: string, alg: Alg = 'ES256', bits = 2_048): Promise<TestKey> {
  const made = GENERATE[alg](bits);
  const publicKey = createPublicKey({ key: made.publicKey, type: 'spki', format: 'der' });
  const privateKey = createPrivateKey({ key: made.privateKey, type: 'pkcs8', format: 'der' });
  return { alg, kid, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg }, privateKey, publicKey };
}

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'orders';

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** What an access token of RFC 9068 says, with changes; undefined takes a claim out. */
export const claims = (changes: object = {}): Record<string, unknown> => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'billing',
  client_id: 'billing',
  exp: nowSeconds() + 300,
  iat: nowSeconds(),
  jti: 'one',
  scope: 'orders:read orders:write',
  ...changes,
});

/** Whatever of header and claims a test wants to be otherwise. */
export const token = (key: TestKey, changes: object = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> =>
  new SignJWT(claims(changes))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey);
