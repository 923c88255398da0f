/**
 * The grammar of the names that cross a process boundary. One place, so that plexctl refuses before it dials exactly
 * what rotation would refuse after. Scopes have a file of their own.
 */
import { UUID_PATTERN } from './scope';

const spelled =
  (pattern: RegExp) =>
  (text: unknown): text is string =>
    typeof text === 'string' && pattern.test(text);

export const isUuid = spelled(new RegExp(`^${UUID_PATTERN}$`));

/** URL-safe, at most 128 characters, so that it fits a JWS header and a path segment without escaping. */
export const isKeyId = spelled(/^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,127}$/);

/** The name that a lease holder draws for itself: one token of a subject. */
export const isHolder = spelled(/^[a-z][a-z0-9-]{0,62}$/);

/** An event's id: a UUID, or `<node_id>/<uuid>` for an event that one Node alone is to take. */
export const isEventId = spelled(new RegExp(`^${UUID_PATTERN}(?:/${UUID_PATTERN})?$`));

/** What makes a signature unique: random characters, at least as many as hold 64 bits in any spelling. */
export const isNonce = spelled(/^[A-Za-z0-9_-]{16,100}$/);

export const isEventType = spelled(/^[a-z][a-z0-9_]{0,63}$/);

export const isNodeName = spelled(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);

/** What a machine calls itself: of any characters that can be printed, as long as DNS lets a name be. */
export const isHostname = spelled(/^[\x20-\x7e]{1,253}$/);

/** X25519's public half: standard base64, padded, of 32 bytes. */
export const isWireguardKey = spelled(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);

/** Chosen by a Node. */
export const isHelloId = spelled(/^[A-Za-z0-9_-]{1,64}$/);

/** Of whoever asks an issuer for tokens. No colon, which ends it in HTTP's Basic authentication. */
export const isClientId = spelled(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/);

/** Public keys of a client: those that it changes between, and some to spare. */
export const MOST_CLIENT_KEYS = 10;

/** One of the words that a token's scope is made of (RFC 6749, section 3.3). */
export const isTokenScope = spelled(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/);

/** Whom a token is for, in whatever spelling they are known by: a URL as a rule. */
export const isAudience = spelled(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/);

const MAX_AUDIENCES = 8;

/** As a token names them: one, or a list of several, each once (RFC 7519, section 4.1.3). */
export const areAudiences = (value: unknown): value is string | string[] =>
  Array.isArray(value)
    ? value.length >= 1 &&
      value.length <= MAX_AUDIENCES &&
      value.every(isAudience) &&
      new Set(value).size === value.length
    : isAudience(value);

/** As many as a client may have, of the longest. */
const MAX_SCOPE_CLAIM = 50 * 129;

/** A token's whole scope, none at all included. */
export const isScopeClaim = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= MAX_SCOPE_CLAIM && (text === '' || text.split(' ').every(isTokenScope));

/** Whom a token speaks of: a client as a rule, or whomever it acts for. */
export const isSubject = spelled(/^[\x20-\x7e]{1,255}$/);

/** What an operator or a Node shows over HTTP (RFC 6750, section 2.1); longer than any that was given out. */
export const isBearer = spelled(/^[\x21-\x7e]{1,512}$/);

/** What a caller over HTTP calls a request that may be repeated. */
export const isIdempotencyKey = spelled(/^[\x21-\x7e]{1,255}$/);

/** Who is named in the audit log: an operator, by name or id, or a part of the product. */
export const isActor = isNodeName;

/** What is named in the audit log: a command, or what bring-up does, which is no command of the bus. */
export const isCommandName = spelled(/^[a-z][a-z-]{0,31}(?:\.[a-z][a-z-]{0,31})?$/);

/** A person's own words, as they are kept and shown again: nothing in them acts on a terminal or a database. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const MAX_WORDS_LENGTH = 500;

/** One line with something in it, without control characters, lone surrogates, or overrides of its direction. */
export const isWords = (text: unknown): text is string =>
  typeof text === 'string' && text.trim() !== '' && text.length <= MAX_WORDS_LENGTH && !UNPRINTABLE.test(text);

const MAX_FOREIGN_KID_LENGTH = 512;

/** What another service calls a key of its: any text that acts on no terminal and no database. */
export const isForeignKid = (text: unknown): text is string =>
  typeof text === 'string' && text !== '' && text.length <= MAX_FOREIGN_KID_LENGTH && !UNPRINTABLE.test(text);

/** `<node_id>/<uuid>`: the signed name of an event for that one Node. */
export function isEventIdOf(nodeId: string, text: unknown): text is string {
  return typeof text === 'string' && text.startsWith(`${nodeId}/`) && isUuid(text.slice(nodeId.length + 1));
}

/**
 * Event types that only the signing plane itself may send: a Node acts on them, so nobody publishes them by hand.
 */
export const isReservedEventType = (eventType: string): boolean =>
  eventType.startsWith('signing_key_') ||
  eventType.startsWith('platform_key_') ||
  eventType.startsWith('channel_keys_') ||
  eventType === 'stream_ready' ||
  eventType === 'resync';

/** A whole number that JSON carries exactly, of at least so many: an epoch is 1 or more, a position 0 or more. */
export const isCount = (value: unknown, least = 0): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;
