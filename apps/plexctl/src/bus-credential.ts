import { createPrivateKey, sign } from 'node:crypto';
import type { Authenticator } from 'nats';

/** The two blocks of a NATS .creds file, in this order. */
const BLOCK = /-{3,}BEGIN [^\n]*-{3,}\s+(\S+)\s+-{3,}END/g;
const SEED = /^SU[A-Z2-7]{56}$/;
/** PKCS#8 of an Ed25519 key is this and its 32 bytes (RFC 8410 section 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Answers the bus's challenge by the credential. The client library has this as well, in plain JavaScript, which takes
 * longer than everything else that a command does.
 * @returns undefined where the text is not a bus credential.
 */
export function busAuthenticator(credential: string): Authenticator | undefined {
  const [jwt, seed] = [...credential.matchAll(BLOCK)].map(([, text]) => text);
  if (jwt === undefined || seed === undefined || !SEED.test(seed)) return undefined;
  // Two bytes say what it is, two at the end are a checksum: a slip there ends in a refusal by the bus all the same.
  const raw = base32(seed).subarray(2, 34);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8' });
  return (nonce = '') => ({ jwt, nkey: '', sig: sign(null, Buffer.from(nonce), key).toString('base64url') });
}

/** RFC 4648 section 6, without padding. */
function base32(text: string): Buffer {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
