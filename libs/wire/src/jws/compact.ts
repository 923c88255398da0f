/** A JWS by one key in compact form (RFC 7515 section 7.1), of one type. What the payload must be, its type says. */
import type { TrustedKey } from '../envelope';
import { decodeObject, encodeObject, type JsonObject } from './encoding';
import { JwsError } from './jws-error';
import {
  makeSignature,
  readSignature,
  verifySignature,
  type JwsType,
  type Signature,
  type SigningKey,
} from './signature';

export async function signCompact(typ: JwsType, payload: object, key: SigningKey): Promise<string> {
  const encoded = encodeObject(payload);
  const { protected: header, signature } = await makeSignature(typ, encoded, key);
  return `${header}.${encoded}.${signature}`;
}

/** Throws JwsError `malformed`, `wrong_type`, `unknown_key` or `signature_invalid`. */
export async function verifyCompact(
  typ: JwsType,
  text: string,
  keys: readonly TrustedKey[],
  now: Date,
): Promise<{ keyId: string; payload: JsonObject }> {
  const { signature, payload } = splitCompact(typ, text);
  const { keyId } = signature;
  const key = keys.find((candidate) => candidate.keyId === keyId);
  if (key === undefined || (key.notAfter !== undefined && !(now < key.notAfter))) throw new JwsError('unknown_key');
  verifySignature(signature, key.publicKey);
  return { keyId, payload: decodeObject(payload) };
}

/** Unverified. Throws JwsError `malformed` or `wrong_type`. */
export const readCompact = (typ: JwsType, text: string): JsonObject => decodeObject(splitCompact(typ, text).payload);

/** In characters; a person's own payload may be this long. Looked at before anything is parsed. */
export const MAX_JWS_LENGTH = 65_535;

export function splitCompact(typ: JwsType, text: unknown): { signature: Signature; payload: string } {
  const parts = typeof text === 'string' && text.length <= MAX_JWS_LENGTH ? text.split('.', 4) : [];
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || payload === undefined) throw new JwsError('malformed');
  return { signature: readSignature(typ, payload, { protected: header, signature }), payload };
}
