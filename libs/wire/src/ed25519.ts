/**
 * Ed25519 keys as they cross the wire: standard base64, padded, of the raw 32 bytes. Strict, since a Go Node dies of
 * any other spelling.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { problem } from './problem';

const RAW_KEY_BYTES = 32;

/** The bytes of canonical, padded standard base64; undefined for any other spelling. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what it cannot read; only the one canonical spelling comes back as it was.
  return bytes.toString('base64') === text ? bytes : undefined;
}

export const isRawPublicKey = (text: unknown): text is string =>
  typeof text === 'string' && decodeBase64(text)?.length === RAW_KEY_BYTES;

/** Throws Problem invariantViolation, field `public_key`, for anything but padded standard base64 of 32 bytes. */
export function publicKeyFromRaw(text: string): KeyObject {
  if (!isRawPublicKey(text)) throw problem('invariantViolation', { field: 'public_key' });
  const x = Buffer.from(text, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Of a public key, or of the public half of a private one. Throws TypeError for another algorithm. */
export function rawPublicKey(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url').toString('base64');
}
