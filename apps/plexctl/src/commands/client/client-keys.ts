import { isKeyId, MOST_CLIENT_KEYS, publicKeyFromJwk } from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import { misuse } from '../../failure';
import { parseObject } from '../../input';
import { readSmallFile } from '../../small-file';

const FLAG = 'jwks';
const MEMBER = 'jwks';

/** Ten RSA keys of 4,096 bits, and what else stands beside keys. */
const MOST_BYTES = 65_536;

/** The public keys in the file of a JWK Set (RFC 7517), each under its `kid`. A private one never leaves this process. */
export function readClientKeys(path: string): ClientKey[] {
  const { keys } = parseObject(readSmallFile(path, { flag: FLAG, mostBytes: MOST_BYTES }), FLAG);
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_CLIENT_KEYS) {
    throw misuse(`--${FLAG} holds no set of 1 to ${MOST_CLIENT_KEYS} keys`, MEMBER, 'it begins with {"keys": [');
  }
  const read = keys.map(readKey);
  const names = new Set(read.map(({ key_id }) => key_id));
  if (names.size < read.length) throw misuse(`--${FLAG} has two keys of one kid`, MEMBER);
  return read;
}

function readKey(value: unknown, index: number): ClientKey {
  const jwk = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const place = `--${FLAG}, key ${index + 1}`;
  if (PRIVATE.some((name) => name in jwk))
    throw misuse(`${place} is a private key`, MEMBER, 'give its public half alone');
  if (!isKeyId(jwk['kid'])) throw misuse(`${place} has no kid, or one that is not URL-safe`, MEMBER);
  const key = publicKeyFromJwk(jwk);
  if (key === undefined) {
    throw misuse(`${place} is none of ES256, EdDSA, RS256 or PS256`, MEMBER, 'of an RSA key its alg has to say which');
  }
  return { key_id: jwk['kid'], algorithm: key.algorithm, public_key: key.publicKey.text };
}

/** RFC 7518, section 6: what only a private or a shared key has. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
