/**
 * The signed event on its way to a Node: building, parsing and verifying it. Verifying is synchronous and pure: keys,
 * clock and nonces are arguments. Parsing follows Go's encoding/json, so that both kinds of Node see the same event:
 * names count in any case, unknown members are ignored, of duplicate members the last counts, null counts as absent.
 * Stricter in one thing: a member that stands twice in two cases is refused, since nobody honest writes that.
 */
import type { PublicKey } from './algorithms';
import { decodeBase64 } from './asymmetric';
import { canonicalString, composeCanonical } from './canonical';
import { EnvelopeError } from './envelope-error';
import { foldCase, JsonTextError, readMembers, spelled, textOf, wellFormed } from './json-text';
import { momentaryBytes } from './momentary-bytes';
import { isKeyId } from './names';
import { isScope, MAX_SCOPE_LENGTH, type Scope } from './scope';
import { NonceMemory, STALENESS_MS } from './nonce-memory';
import { parseRfc3339 } from './rfc3339';

export { NonceMemory, STALENESS_MS };
export { EnvelopeError, type EnvelopeRefusal } from './envelope-error';

/** Verifies strictly before `notAfter`; without it, until it is taken away. */
export interface TrustedKey {
  keyId: string;
  publicKey: PublicKey;
  notAfter?: Date;
}

export interface Envelope {
  eventType: string;
  eventId: string;
  /** RFC 3339 in its canonical spelling; empty where it is missing. */
  issuedAt: string;
  /** Empty where it is missing. */
  nonce: string;
  /** JSON text as received; `null` where there is none. */
  payload: string;
  /** Undefined where it is missing; empty where it is not base64, which no key verifies. */
  signature: Buffer | undefined;
  /** Hints that no signature covers; undefined also where they are not well-formed. */
  scope?: Scope;
  keyId?: string;
  /** What the signature must cover. */
  canonical: string;
}

/** Bytes of a line of server-sent events that a Go Node still reads, without its line feed. */
export const MAX_LINE_BYTES = 65_535;
/** Members that stand beside the canonical text, at their longest: the longest scope, key id 128, signature 88. */
const UNSIGNED_MEMBERS_BYTES = ',"scope":"","key_id":"","signature":""'.length + MAX_SCOPE_LENGTH + 128 + 88;
/** What a later signing may have longer than the first: nine digits of a fraction, and a nonce of 100 characters. */
const RESIGNED_BYTES = '.123456789'.length + 100;

/**
 * The largest canonical text that may be accepted for publishing, in bytes of UTF-8. Compare once, where the event comes
 * in, and never when it is signed: an event that is accepted must fit whichever key of whatever name signs it later.
 * The room is for that, so the envelope made of it is at most 65,529 bytes: a line with `data: ` before it.
 */
export const MAX_ENVELOPE_BYTES = MAX_LINE_BYTES - 'data: '.length - UNSIGNED_MEMBERS_BYTES - RESIGNED_BYTES;

/** The wire text: the signed text itself, with hints and signature put before its closing brace. */
export const buildEnvelope = (canonical: string, hints: { scope: Scope; keyId: string }, signature: Buffer): string =>
  `${canonical.slice(0, -1)},"scope":${canonicalString(hints.scope)},"key_id":${canonicalString(hints.keyId)},` +
  `"signature":"${signature.toString('base64')}"}`;

const ZERO_TIME = '0001-01-01T00:00:00Z';
const ZERO_TIME_MS = Date.parse(ZERO_TIME);

/** Throws EnvelopeError `malformed`, and for nothing that verifyEnvelope tells apart. */
export function parseEnvelope(text: string): Envelope {
  const members = membersOf(text);
  const eventType = stringOf(members, 'event_type');
  const eventId = stringOf(members, 'event_id');
  if (eventType === '' || eventId === '') throw new EnvelopeError('malformed');
  const nonce = stringOf(members, 'nonce');
  const issuedAt = issuedAtOf(members);
  const payload = members.get('payload');
  const signature = stringOf(members, 'signature');
  const envelope: Envelope = {
    eventType,
    eventId,
    issuedAt,
    nonce,
    payload: payload ?? 'null',
    signature: signature === '' ? undefined : (decodeBase64(signature) ?? Buffer.alloc(0)),
    canonical: composeCanonical({
      eventType,
      eventId,
      issuedAt: issuedAt === '' ? ZERO_TIME : issuedAt,
      nonce,
      payload: payload === undefined ? null : spelled(payload),
    }),
  };
  // No signature covers the hints, so a bad one is dropped: refusing would let anyone on the way silence a true event.
  const scope = hintOf(members, 'scope');
  const keyId = hintOf(members, 'key_id');
  if (isScope(scope)) envelope.scope = scope;
  if (isKeyId(keyId)) envelope.keyId = keyId;
  return envelope;
}

/**
 * Answers the key that verified; throws EnvelopeError otherwise. The key id of the envelope only says which key to try
 * first. A refused envelope does not use up its nonce: else a forger could block a true event.
 */
export function verifyEnvelope(
  envelope: Envelope,
  keys: readonly TrustedKey[],
  now: Date,
  nonces: NonceMemory,
): TrustedKey {
  const { signature, nonce } = envelope;
  if (signature === undefined) throw new EnvelopeError('signature_missing');
  if (nonce === '') throw new EnvelopeError('nonce_missing');
  const issuedAt = freshIssuedAt(envelope.issuedAt, now.getTime());
  const signed = momentaryBytes(envelope.canonical);
  const isBy = ({ publicKey, notAfter }: TrustedKey): boolean =>
    (notAfter === undefined || now < notAfter) && publicKey.verify(signed, signature);
  const key =
    keys.find((each) => each.keyId === envelope.keyId && isBy(each)) ??
    keys.find((each) => each.keyId !== envelope.keyId && isBy(each));
  if (key === undefined) throw new EnvelopeError('signature_invalid');
  if (nonces.seen(nonce)) throw new EnvelopeError('nonce_reused');
  nonces.remember(nonce, issuedAt, now);
  return key;
}

/** Exactly five minutes pass, on either side. */
function freshIssuedAt(text: string, nowMs: number): Date {
  const issuedAt = parseRfc3339(text);
  if (issuedAt === undefined) throw new EnvelopeError('issued_at_missing');
  if (nowMs - issuedAt.ms > STALENESS_MS) throw new EnvelopeError('stale');
  if (issuedAt.ceilMs - nowMs > STALENESS_MS) throw new EnvelopeError('future');
  return new Date(issuedAt.ms);
}

const MEMBERS = new Set(['event_type', 'event_id', 'issued_at', 'nonce', 'payload', 'scope', 'key_id', 'signature']);

/** Only those that an envelope has, in their own spelling. */
function membersOf(text: string): Map<string, string> {
  const all = read(text);
  // As honest ones are: a second look is for others.
  if ([...all.keys()].every((name) => MEMBERS.has(name))) return all;
  const members = new Map<string, string>();
  for (const [written, value] of all) {
    const name = foldCase(written);
    if (!MEMBERS.has(name)) continue;
    if (members.has(name)) throw new EnvelopeError('malformed');
    members.set(name, value);
  }
  return members;
}

function read(text: string): Map<string, string> {
  try {
    return readMembers(text);
  } catch (error) {
    if (error instanceof JsonTextError) throw new EnvelopeError('malformed');
    throw error;
  }
}

function stringOf(members: Map<string, string>, name: string): string {
  const literal = members.get(name) ?? 'null';
  if (literal === 'null') return '';
  if (!literal.startsWith('"')) throw new EnvelopeError('malformed');
  return wellFormed(textOf(literal));
}

/** Go reads the time between the quotes as it stands: an escape in it is no time. Its zero time counts as missing. */
function issuedAtOf(members: Map<string, string>): string {
  const literal = members.get('issued_at') ?? 'null';
  if (literal === 'null') return '';
  const issuedAt = literal.startsWith('"') ? parseRfc3339(literal.slice(1, -1)) : undefined;
  if (issuedAt === undefined) throw new EnvelopeError('malformed');
  return issuedAt.ceilMs === ZERO_TIME_MS ? '' : issuedAt.text;
}

function hintOf(members: Map<string, string>, name: string): string | undefined {
  const literal = members.get(name);
  return literal?.startsWith('"') ? textOf(literal) : undefined;
}
