/** The X25519 pair to which a member's secrets are sealed. Both halves: standard base64, padded, of 32 bytes (RFC 7748). */
import { createPrivateKey, createPublicKey, diffieHellman, randomBytes, type KeyObject } from 'node:crypto';

export interface SealingPair {
  /** Never leaves the member. */
  privateKey: string;
  publicKey: string;
}

const KEY_BYTES = 32;

/** RFC 8410, sections 4 and 7: what stands before the 32 bytes in SPKI, and in PKCS#8. */
const SPKI_HEADER = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex');

const TEXT = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Of either half, as text. */
export const isSealingText = (text: unknown): text is string => typeof text === 'string' && TEXT.test(text);

export function makeSealingPair(): SealingPair {
  const privateBytes = randomBytes(KEY_BYTES);
  const publicBytes = publicBytesOf(privateKeyFrom(privateBytes));
  return { privateKey: privateBytes.toString('base64'), publicKey: publicBytes.toString('base64') };
}

/** A key to which something can be sealed: under one of small order everybody could open it. */
export function isSealingKey(text: unknown): text is string {
  if (!isSealingText(text)) return false;
  try {
    diffieHellman({ privateKey: newPrivateKey(), publicKey: sealingPublicKey(text) });
    return true;
  } catch {
    return false;
  }
}

export const sealingPrivateKey = (text: string): KeyObject => privateKeyFrom(Buffer.from(text, 'base64'));

export const sealingPublicKey = (text: string): KeyObject => publicKeyFrom(Buffer.from(text, 'base64'));

/** Any 32 bytes make one (RFC 7748, section 5). */
export const newPrivateKey = (): KeyObject => privateKeyFrom(randomBytes(KEY_BYTES));

/** The raw public half of a private key. */
export const publicBytesOf = (privateKey: KeyObject): Buffer =>
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_HEADER.length);

/** Throws for anything but 32 bytes. */
export const publicKeyFrom = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_HEADER, bytes]), format: 'der', type: 'spki' });

const privateKeyFrom = (bytes: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, bytes]), format: 'der', type: 'pkcs8' });
