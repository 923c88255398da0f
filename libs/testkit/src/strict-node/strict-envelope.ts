/**
 * How a Node verifies an envelope, from the contract alone and with nothing of ours: text as it came, one key or two. What
 * a JSON library makes of numbers and order is no matter here; the payload's text is signed.
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';

const FRESH_MS = 5 * 60_000;

export interface StrictKeys {
  current: string;
  previous: string | null;
  until: Date | null;
}

export interface StrictEnvelope {
  eventType: string;
  eventId: string;
  issuedAt: string;
  nonce: string;
  payload: string;
  signature: string;
}

/** Standard base64, padded, of 32 bytes; anything else is what a daemon dies of. */
export function rawKey(text: unknown): Buffer {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(text)) throw new Error(`no key: ${String(text)}`);
  return Buffer.from(text, 'base64');
}

/** RFC 3339, as strictly as a daemon reads it. @throws Error */
export function timeOf(text: string): Date {
  const time = new Date(text);
  if (!RFC_3339.test(text) || Number.isNaN(time.getTime())) throw new Error(`no time: ${text}`);
  return time;
}
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Standard, and padded. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Why it is refused; null where it is not. @throws Error for a time that is none */
export function refusalOf(envelope: StrictEnvelope, keys: StrictKeys, nonces: Set<string>, now: Date): string | null {
  const { issuedAt, nonce, signature } = envelope;
  if (signature === '') return 'no signature';
  if (nonce === '') return 'no nonce';
  const age = now.getTime() - timeOf(issuedAt).getTime();
  if (age > FRESH_MS) return 'stale';
  if (age < -FRESH_MS) return 'future';
  if (!BASE64.test(signature)) return 'signature';
  const text = Buffer.from(canonicalOf(envelope));
  const isBy = (key: string): boolean => verify(null, text, keyOf(rawKey(key)), Buffer.from(signature, 'base64'));
  const isPrevious = keys.previous !== null && keys.until !== null && now < keys.until && isBy(keys.previous);
  if (!isBy(keys.current) && !isPrevious) return 'signature';
  if (nonces.has(nonce)) return 'nonce used';
  nonces.add(nonce);
  return null;
}

/** RFC 8410: what stands before the raw bytes in the DER form of such a key. */
const keyOf = (raw: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Member by member as text: a value ends where its brackets do. @throws SyntaxError */
export function readEnvelope(text: string): StrictEnvelope {
  const members = new Map(Object.keys(JSON.parse(text) as object).map((name) => [name, rawMember(text, name)]));
  const said = (name: string): string => {
    const value: unknown = JSON.parse(members.get(name) ?? '""');
    return typeof value === 'string' ? value : '';
  };
  const [eventType, eventId] = [said('event_type'), said('event_id')];
  if (eventType === '' || eventId === '') throw new SyntaxError('no envelope');
  const payload = members.get('payload') ?? 'null';
  return {
    eventType,
    eventId,
    payload,
    issuedAt: said('issued_at'),
    nonce: said('nonce'),
    signature: said('signature'),
  };
}

function canonicalOf({ eventType, eventId, issuedAt, nonce, payload }: StrictEnvelope): string {
  const cut = (fraction: string): string => fraction.slice(0, 10).replace(/\.?0*$/, '');
  const time = issuedAt.replace(/\.\d+/, cut);
  const [type, id, at, once] = [eventType, eventId, time.replace(/\+00:00$/, 'Z'), nonce].map(quoted);
  return `{"event_type":${type},"event_id":${id},"issued_at":${at},"nonce":${once},"payload":${compact(payload)}}`;
}

const escaped = (text: string): string =>
  text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const quoted = (text: string): string => escaped(JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')));

/** Without the blanks between, and with what may not stand raw escaped; inside strings nothing else is touched. */
const compact = (payload: string): string =>
  escaped(payload.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : '')));

/** The text of a member of the outermost object. */
function rawMember(text: string, name: string): string {
  let depth = 0;
  let from = -1;
  let key = '';
  for (const { 0: part, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if ('{['.includes(part)) depth += 1;
    else if (part === ':' && depth === 1) from = index + 1;
    else if (depth === 1 && (part === ',' || part === '}')) {
      if (from >= 0 && JSON.parse(key) === name) return text.slice(from, index).trim();
      from = -1;
    } else if (part.startsWith('"') && depth === 1 && from < 0) key = part;
    if ('}]'.includes(part)) depth -= 1;
  }
  return 'null';
}
