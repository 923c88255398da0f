/**
 * Ed25519 keys as they cross the wire: standard base64, padded, of the raw 32 bytes. Strict, since a Go Node dies of
 * any other spelling.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { problem } from './problem';

const RAW_KEY_BYTES = 32;

/** The bytes of canonical, padded standard base64; undefined for any other spelling. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what it cannot read; only the one canonical spelling comes back as it was.
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function isRawPublicKey(text: unknown): text is string {
  const bytes = typeof text === 'string' && text.length <= 44 ? decodeBase64(text) : undefined;
  return bytes?.length === RAW_KEY_BYTES && !isOfSmallOrder(bytes);
}

/**
 * The y coordinates of the eight points of small order, little-endian, and those of them that have a second spelling
 * (y + p) in 255 bits. Under such a key one signature is good for many texts, whoever made it.
 */
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

function isOfSmallOrder(bytes: Buffer): boolean {
  const y = Buffer.from(bytes);
  // The top bit is the sign of x: both points with this y are of the same order.
  y[RAW_KEY_BYTES - 1] = (y[RAW_KEY_BYTES - 1] ?? 0) & 0x7f;
  return SMALL_ORDER_Y.has(y.toString('hex'));
}

/** RFC 8410, section 4: what stands before the 32 bytes of a public key in SPKI. */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** RFC 8410, section 7: what stands before the 32 bytes of a private key in PKCS#8. */
const PKCS8_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Of the 32 bytes that an Ed25519 key is made from (RFC 8032, section 5.1.5). */
export const privateKeyFromSeed = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, seed]), format: 'der', type: 'pkcs8' });

/** Throws Problem invariantViolation, field `public_key`, for anything but padded standard base64 of 32 bytes. */
export function publicKeyFromRaw(text: string): KeyObject {
  if (!isRawPublicKey(text)) throw problem('invariantViolation', { field: 'public_key' });
  return createPublicKey({
    key: Buffer.concat([SPKI_HEADER, Buffer.from(text, 'base64')]),
    format: 'der',
    type: 'spki',
  });
}

/** Of a public key, or of the public half of a private one. Throws TypeError for another algorithm. */
export function rawPublicKey(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
  return spki.subarray(SPKI_HEADER.length).toString('base64');
}

/**
 * A new key. Generated into DER and loaded from there: while a key object of the generation itself is exported as a JWK
 * (which jose does to sign by one), a garbage collection that ends the generation's job waits for ever for the lock that
 * the export holds (Node 20).
 */
export function makeKeyPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  const { privateKey: secret, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  });
  const privateKey = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
  secret.fill(0);
  return { privateKey, publicKey: createPublicKey({ key: publicKey, format: 'der', type: 'spki' }) };
}
