/**
 * Ed25519 keys as bytes: 32 of them, as Nodes and the bus (nkeys) know them, against the DER that node:crypto knows. As
 * text they are standard base64, padded: strict, since a Go Node dies of any other spelling.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64, type TextForm } from './asymmetric';

const RAW_KEY_BYTES = 32;

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

/** PKCS #8 DER of the 32 bytes that an Ed25519 key is made from (RFC 8032, section 5.1.5; RFC 8410, section 7). */
export const secretFromSeed = (seed: Uint8Array): Buffer => Buffer.concat([PKCS8_HEADER, seed]);

/**
 * The same, loaded: as a JWK, which takes a tenth of the time that DER does. The public half, which a JWK has to name as
 * well (RFC 8037, section 2), is made from the seed and not read.
 */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  const d = Buffer.from(seed).toString('base64url');
  try {
    return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: '', d }, format: 'jwk' });
  } catch {
    // From 26 on Node.js does read it, and refuses one that is not the seed's.
    return createPrivateKey({ key: secretFromSeed(seed), format: 'der', type: 'pkcs8' });
  }
}

/** Of the public half. Throws TypeError for a key of another algorithm. */
export function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
  return spki.subarray(SPKI_HEADER.length);
}

/** From its 32 bytes, as a JWK brings them: from DER it takes longer than a signature takes to verify. */
const loaded = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });

export const RAW_BASE64: TextForm = {
  write: (spki) => spki.subarray(SPKI_HEADER.length).toString('base64'),
  spki: (text) => Buffer.concat([SPKI_HEADER, Buffer.from(text, 'base64')]),
  read: (text) => {
    const raw = decodeBase64(text);
    return raw?.length === RAW_KEY_BYTES && !isOfSmallOrder(raw) ? () => loaded(raw) : undefined;
  },
  // RFC 8410, section 4: any 32 bytes are a key to who loads it.
  tellsGoodKeys: true,
};
