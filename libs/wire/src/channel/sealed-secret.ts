/**
 * A secret on its way to one member: a compact JWE (RFC 7516) by ECDH-ES and A256GCM over X25519 (RFC 7518, section 4.6;
 * RFC 8037). `apv` names what it is of and for whom, and goes into the key that encrypts it: changed, it does not open. By
 * node:crypto, since a library for it is loaded only as an ES module; specs open and make the same by jose.
 */
import { createCipheriv, createDecipheriv, createHash, diffieHellman, randomBytes, type KeyObject } from 'node:crypto';
import { ChannelError } from './channel-error';
import {
  isSealingText,
  newPrivateKey,
  publicBytesOf,
  publicKeyFrom,
  sealingPrivateKey,
  sealingPublicKey,
} from './sealing-key';
import type { Proven } from './proof';

export const SECRET_TYPE = 'plexsphere-channel-secret+jwe';

/** RFC 7518, section 3.2. */
const MIN_SECRET_BYTES = 32;
/** Of a secret of 32 bytes under the longest names about 1,100 characters. */
const MAX_SEALED_CHARACTERS = 2_048;

const ENC = 'A256GCM';
const KEY_BITS = 256;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const partyOf = ({ scope, keyId, epoch, nodeId }: Proven): string => [scope, keyId, epoch, nodeId].join('|');

/** @throws TypeError for a public key to which nothing can be sealed */
export function sealSecret(secret: Uint8Array, recipient: string, named: Proven): string {
  const privateKey = newPrivateKey();
  const apv = encode(partyOf(named));
  const x = encode(publicBytesOf(privateKey));
  const header = { alg: 'ECDH-ES', enc: ENC, typ: SECRET_TYPE, apv, epk: { kty: 'OKP', crv: 'X25519', x } };
  const encodedHeader = encode(JSON.stringify(header));
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', agreedKey(privateKey, sealingPublicKey(recipient), apv), iv);
  cipher.setAAD(Buffer.from(encodedHeader, 'ascii'));
  const jwk = { kty: 'oct', alg: 'HS256', kid: named.keyId, k: Buffer.from(secret).toString('base64url') };
  const sealed = Buffer.concat([cipher.update(JSON.stringify(jwk), 'utf8'), cipher.final()]);
  return [encodedHeader, '', encode(iv), encode(sealed), encode(cipher.getAuthTag())].join('.');
}

/**
 * What was sealed for this member, under exactly these names.
 * @throws ChannelError `malformed`; `other_recipient` where it was sealed to another key, or altered; `other_names` where it
 * is of something else or for somebody else; `short_secret`
 */
export function unsealSecret(sealed: unknown, privateKey: string, named: Proven): Buffer {
  const [header, key, iv, text, tag, ...rest] = split(sealed);
  if (header === undefined || iv === undefined || text === undefined || tag === undefined || rest.length > 0)
    throw new ChannelError('malformed');
  if (key !== '' || !isSealingText(privateKey)) throw new ChannelError('malformed');
  const { apv, ephemeral } = readHeader(header);
  if (apv !== encode(partyOf(named))) throw new ChannelError('other_names');
  const jwk = open({ header, iv: decode(iv), text: decode(text), tag: decode(tag) }, () =>
    agreedKey(sealingPrivateKey(privateKey), ephemeral, apv),
  );
  return secretOf(jwk, named.keyId);
}

const split = (sealed: unknown): (string | undefined)[] =>
  typeof sealed === 'string' && sealed.length <= MAX_SEALED_CHARACTERS ? sealed.split('.', 6) : [];

function readHeader(text: string): { apv: string; ephemeral: KeyObject } {
  const header = objectOf(decode(text));
  const epk = header['epk'];
  const members = Object.keys(header).sort().join();
  const { alg, enc, typ, apv } = header;
  if (alg !== 'ECDH-ES' || enc !== ENC || typ !== SECRET_TYPE || members !== 'alg,apv,enc,epk,typ')
    throw new ChannelError('malformed');
  if (typeof apv !== 'string' || typeof epk !== 'object' || epk === null) throw new ChannelError('malformed');
  const { kty, crv, x } = epk as Record<string, unknown>;
  if (kty !== 'OKP' || crv !== 'X25519' || typeof x !== 'string') throw new ChannelError('malformed');
  try {
    return { apv, ephemeral: publicKeyFrom(decode(x)) };
  } catch {
    throw new ChannelError('malformed');
  }
}

/** RFC 7518, section 4.6.2: one round of the Concat KDF is what a key of 256 bits takes. */
function agreedKey(privateKey: KeyObject, publicKey: KeyObject, apv: string): Buffer {
  return createHash('sha256')
    .update(number(1))
    .update(diffieHellman({ privateKey, publicKey }))
    .update(counted(Buffer.from(ENC, 'ascii')))
    .update(counted(Buffer.alloc(0)))
    .update(counted(Buffer.from(apv, 'base64url')))
    .update(number(KEY_BITS))
    .digest();
}

interface Sealed {
  header: string;
  iv: Buffer;
  text: Buffer;
  tag: Buffer;
}

function open({ header, iv, text, tag }: Sealed, key: () => Buffer): Record<string, unknown> {
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw new ChannelError('malformed');
  let plain: Buffer;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key(), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(header, 'ascii')).setAuthTag(tag);
    plain = Buffer.concat([decipher.update(text), decipher.final()]);
  } catch {
    throw new ChannelError('other_recipient');
  }
  return objectOf(plain);
}

function secretOf({ kty, alg, kid, k }: Record<string, unknown>, keyId: string): Buffer {
  if (kty !== 'oct' || alg !== 'HS256' || kid !== keyId || typeof k !== 'string') throw new ChannelError('malformed');
  const secret = decode(k);
  if (secret.length < MIN_SECRET_BYTES) throw new ChannelError('short_secret');
  return secret;
}

function objectOf(text: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, without a word of the text.
  }
  throw new ChannelError('malformed');
}

function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new ChannelError('malformed');
  return bytes;
}

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const counted = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes]);
