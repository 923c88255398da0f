/** A JWS by one key in compact form (RFC 7515 section 7.1), of one type. What the payload must be, its type says. */
import { CompactSign } from 'jose';
import type { TrustedKey } from '../envelope';
import { decodeBase64url, decodeObject, type JsonObject } from './encoding';
import { JwsError } from './jws-error';
import { protectedHeader, readProtectedHeader, type JwsType } from './protected-header';
import { verifySignature, type EncodedSignature, type SigningKey } from './signature';

export const signCompact = (typ: JwsType, payload: object, key: SigningKey): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader(protectedHeader(typ, key.keyId))
    .sign(key.privateKey);

/** Throws JwsError `malformed`, `wrong_type`, `unknown_key` or `signature_invalid`. */
export async function verifyCompact(
  typ: JwsType,
  text: string,
  keys: readonly TrustedKey[],
  now: Date,
): Promise<{ keyId: string; payload: JsonObject }> {
  const { jws, keyId } = splitCompact(typ, text);
  const key = keys.find((candidate) => candidate.keyId === keyId);
  if (key === undefined || (key.notAfter !== undefined && !(now < key.notAfter))) throw new JwsError('unknown_key');
  await verifySignature(jws, key.publicKey);
  return { keyId, payload: decodeObject(jws.payload) };
}

/** Unverified. Throws JwsError `malformed` or `wrong_type`. */
export const readCompact = (typ: JwsType, text: string): JsonObject =>
  decodeObject(splitCompact(typ, text).jws.payload);

/** More than any of ours: a person's own payload may be this long. Looked at before anything is parsed. */
const MAX_LENGTH = 65_535;

function splitCompact(typ: JwsType, text: unknown): { jws: EncodedSignature; keyId: string } {
  const parts = typeof text === 'string' && text.length <= MAX_LENGTH ? text.split('.', 4) : [];
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw new JwsError('malformed');
  }
  const keyId = readProtectedHeader(header, typ);
  decodeBase64url(signature);
  return { jws: { protected: header, payload, signature }, keyId };
}
