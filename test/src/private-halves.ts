import { createECDH, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** Of Ed25519 the seed, of P-256 the scalar: both are 32 bytes, and any 32 bytes may be one. */
const PRIVATE_BYTES = 32;
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key as it is compared here: by what is in it, whatever it was written in. */
export const fingerprintOf = (key: JsonWebKey): string =>
  JSON.stringify([key.kty, key.crv, key.x, key.y, key.n].filter((part) => part !== undefined));

/** The public halves of whatever private keys these bytes are; `anywhere`: or hold, in any 32 of them in a row. */
export function publicHalvesOf(bytes: Buffer, { anywhere }: { anywhere: boolean }): string[] {
  if (bytes.length < PRIVATE_BYTES) return [];
  const found = [...asWhole(bytes)];
  const last = bytes.length - PRIVATE_BYTES;
  for (let at = 0; at <= last && (anywhere || last === 0); at += 1) {
    const part = bytes.subarray(at, at + PRIVATE_BYTES);
    found.push(...asSeed(part), ...asScalar(part));
  }
  return found;
}

function* asWhole(bytes: Buffer): Generator<string> {
  // A SEQUENCE, as each of them is.
  for (const type of bytes[0] === 0x30 ? (['pkcs8', 'pkcs1', 'sec1'] as const) : []) {
    const key = orNone(() => createPrivateKey({ key: bytes, format: 'der', type }));
    if (key !== undefined) yield publicHalf(key);
  }
  const pem = bytes.includes('PRIVATE KEY') ? orNone(() => createPrivateKey(bytes.toString('latin1'))) : undefined;
  if (pem !== undefined) yield publicHalf(pem);
}

function* asSeed(seed: Buffer): Generator<string> {
  yield publicHalf(createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' }));
}

function* asScalar(scalar: Buffer): Generator<string> {
  const curve = createECDH('prime256v1');
  // Some are none: 0, and what is beyond the order of the curve.
  if (orNone(() => (curve.setPrivateKey(scalar), true)) === undefined) return;
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'));
  yield fingerprintOf({ kty: 'EC', crv: 'P-256', x, y } as JsonWebKey);
}

// eslint-disable-next-line no-restricted-syntax -- a public key
const publicHalf = (key: KeyObject): string => fingerprintOf(createPublicKey(key).export({ format: 'jwk' }));

function orNone<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
