/**
 * Strict decoding of the parts of a JWS. One spelling for each: a second one would let two texts pass for the same
 * signed thing.
 */
import { isUtf8 } from 'node:buffer';
import { JwsError } from './jws-error';

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** base64url of the JSON text. */
export const encodeObject = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RFC 7515 section 2: base64url without padding. Throws JwsError `malformed`. */
export function decodeBase64url(text: unknown): Buffer {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== text) throw new JwsError('malformed');
  return bytes;
}

/** A JSON object in the spelling that JSON.stringify gives it: no blanks, and no member twice, of which one would hide. */
export function parseObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    // A text of endless nesting parses; writing it again throws.
    if (isObject(value) && JSON.stringify(value) === text) return value;
  } catch {
    // Whatever it is, it is not the JSON object that was asked for.
  }
  throw new JwsError('malformed');
}

export const decodeObject = (text: unknown): JsonObject => objectIn(decodeBase64url(text));

/** Of its text in UTF-8. Throws JwsError `malformed`. */
export function objectIn(bytes: Buffer): JsonObject {
  if (!isUtf8(bytes)) throw new JwsError('malformed');
  return parseObject(bytes.toString());
}

/** Exactly these members, no more and no fewer. */
export const hasExactly = (value: JsonObject, members: readonly string[]): boolean =>
  Object.keys(value).length === members.length && members.every((member) => Object.hasOwn(value, member));
