import { newKeyPair } from '@plexsphere/testkit';
import fc from 'fast-check';
import { canonicalText } from './canonical';
import { publicText } from './algorithms';
import {
  buildEnvelope,
  EnvelopeError,
  MAX_ENVELOPE_BYTES,
  NonceMemory,
  parseEnvelope,
  verifyEnvelope,
  type TrustedKey,
} from './envelope';

const now = new Date('2026-03-01T12:00:00Z');
const refusalOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof EnvelopeError) return error.code;
    throw error;
  }
  return 'accept';
};

const pair = newKeyPair();
const other = newKeyPair();
const key: TrustedKey = { keyId: 'key-2', publicKey: pair.publicKey };
const fields = { eventType: 'resync', eventId: 'evt', issuedAt: now.toISOString(), nonce: 'n', payload: '{"a":1.0}' };
const signedEnvelope = (changes: Partial<typeof fields> = {}, keyId = key.keyId): string => {
  const canonical = canonicalText({ ...fields, ...changes });
  return buildEnvelope(canonical, { scope: 'platform', keyId }, pair.privateKey.sign(Buffer.from(canonical)));
};
const verdict = (text: string, keys: TrustedKey[] = [key], nonces = new NonceMemory()): string =>
  refusalOf(() => verifyEnvelope(parseEnvelope(text), keys, now, nonces));
const withMember = (name: string, value: unknown): string =>
  JSON.stringify({ ...(JSON.parse(signedEnvelope({ payload: '{"a":1}' })) as object), [name]: value });

describe('parseEnvelope', () => {
  test.each([
    ['not JSON', 'x'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a trailing value', `${signedEnvelope()}{}`],
    ['no event type', withMember('event_type', undefined)],
    ['an empty event id', withMember('event_id', '')],
    ['a number for a nonce', withMember('nonce', 1)],
    ['an object for a signature', withMember('signature', {})],
    ['a time that is none', withMember('issued_at', '2026-02-30T00:00:00Z')],
    ['a time in seconds', withMember('issued_at', 1_770_000_000)],
    ['an escape inside the time', signedEnvelope().replace('2026-03', '2026\\u002d03')],
    ['endless nesting', `{"payload":${'['.repeat(1_000_000)}`],
  ])('%s is malformed', (_, text) => {
    expect(refusalOf(() => parseEnvelope(text))).toBe('malformed');
  });

  test.each([
    ['an array', ['key-2']],
    ['an object', { __proto__: null }],
    ['no key id', '../key'],
  ])('a key id hint that is %s is dropped, not obeyed', (_, hint) => {
    const text = withMember('key_id', hint);
    expect(parseEnvelope(text)).not.toHaveProperty('keyId');
    expect(verdict(text)).toBe('accept');
  });

  test('of duplicate members the last counts, unknown ones do not', () => {
    const text = signedEnvelope().replace('{', '{"event_id":"first","__proto__":{"nonce":"x"},"toString":1,');
    expect(parseEnvelope(text).eventId).toBe('evt');
    expect(verdict(text)).toBe('accept');
  });
});

describe('S16: what Go takes is taken', () => {
  test.each([
    ['a fraction by comma', signedEnvelope({ issuedAt: '2026-03-01T12:00:00.5Z' }).replace('00.5Z', '00,5Z')],
    ['members in other case', signedEnvelope().replace('"event_id"', '"Event_ID"').replace('"nonce"', '"NONCE"')],
    [
      'a long s',
      signedEnvelope().replace('"signature"', '"\u017fignature"').replace('"issued_at"', '"i\\u017fsued_at"'),
    ],
  ])('%s', (_, text) => {
    expect(verdict(text)).toBe('accept');
  });

  test.each([
    ['event_id', '"EVENT_ID":"evt",'],
    ['payload', '"Payload":{"a":1},'],
    ['signature', '"\u017fignature":"AAAA",'],
  ])('a member that stands twice in two cases is refused: %s', (_, second) => {
    expect(verdict(signedEnvelope().replace('{', `{${second}`))).toBe('malformed');
  });

  test('what only looks alike in another alphabet is an unknown member', () => {
    expect(parseEnvelope(signedEnvelope().replace('{', '{"i\u00dfued_at":1,"\u0435vent_id":2,')).eventId).toBe('evt');
  });
});

describe('verifyEnvelope', () => {
  test.each([
    ['signature', undefined, 'signature_missing'],
    ['signature', '', 'signature_missing'],
    ['signature', null, 'signature_missing'],
    ['signature', '!', 'signature_invalid'],
    ['signature', 'AAAA', 'signature_invalid'],
    ['nonce', undefined, 'nonce_missing'],
    ['nonce', '', 'nonce_missing'],
    ['issued_at', undefined, 'issued_at_missing'],
    ['issued_at', '0001-01-01T00:00:00Z', 'issued_at_missing'],
    ['issued_at', '2026-03-01T11:54:59.999Z', 'stale'],
    ['issued_at', '2026-03-01T12:05:00.001Z', 'future'],
    ['event_id', 'another', 'signature_invalid'],
    ['payload', { a: 2 }, 'signature_invalid'],
  ])('%s %j: %s', (name, value, code) => {
    expect(verdict(withMember(name, value))).toBe(code);
  });

  test.each([
    ['2026-03-01T12:05:00Z', 'accept'],
    ['2026-03-01T12:05:00.000000001Z', 'future'],
    ['2026-03-01T11:55:00Z', 'accept'],
    ['2026-03-01T11:54:59.999999999Z', 'stale'],
  ])('the edge is kept to the nanosecond: %s %s', (issuedAt, code) => {
    expect(verdict(signedEnvelope({ issuedAt }))).toBe(code);
  });

  test.each(['key-2', 'key-1', 'unknown'])('verifies the same whatever the hint says: %s', (hint) => {
    const keys = [{ keyId: 'key-1', publicKey: other.publicKey }, key];
    const envelope = parseEnvelope(signedEnvelope({}, hint));
    expect(verifyEnvelope(envelope, keys, now, new NonceMemory())).toBe(key);
  });

  test('no key, another key, and a key whose time is over verify nothing', () => {
    expect(verdict(signedEnvelope(), [])).toBe('signature_invalid');
    expect(verdict(signedEnvelope(), [{ ...key, publicKey: other.publicKey }])).toBe('signature_invalid');
    expect(verdict(signedEnvelope(), [{ ...key, notAfter: now }])).toBe('signature_invalid');
    expect(verdict(signedEnvelope(), [{ ...key, notAfter: new Date(now.getTime() + 1) }])).toBe('accept');
  });

  test('a forged envelope does not use up the nonce of the true one', () => {
    const nonces = new NonceMemory();
    expect(verdict(withMember('payload', { a: 2 }), [key], nonces)).toBe('signature_invalid');
    expect(verdict(signedEnvelope(), [key], nonces)).toBe('accept');
    expect(verdict(signedEnvelope({ eventId: 'next' }), [key], nonces)).toBe('nonce_reused');
  });

  test('survives new blanks between any members', () => {
    const anyPayload = fc.jsonValue().map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(anyPayload, fc.constantFrom(1, 2, '\t', '\n'), (payload, indent) => {
        const text = JSON.stringify(JSON.parse(signedEnvelope({ payload })), null, indent);
        // JSON.parse loses -0 and reorders numeric keys; such payloads are the canonical text's own tests.
        fc.pre(JSON.stringify(JSON.parse(payload)) === payload);
        expect(verdict(text)).toBe('accept');
      }),
    );
  });

  test('any other bit of the signed text is refused', () => {
    const canonical = canonicalText(fields);
    const signature = pair.privateKey.sign(Buffer.from(canonical));
    const text = buildEnvelope(canonical, { scope: 'platform', keyId: key.keyId }, signature);
    fc.assert(
      fc.property(fc.nat(canonical.length - 2), fc.constantFrom('x', '0', '"'), (at, character) => {
        fc.pre(text[at] !== character);
        expect(verdict(text.slice(0, at) + character + text.slice(at + 1))).not.toBe('accept');
      }),
    );
  });
});

test('what is accepted at the largest size fits a line, whichever key signs it', () => {
  const empty = canonicalText({ ...fields, payload: '""', nonce: 'n', issuedAt: '2026-03-01T12:00:00Z' });
  const payload = JSON.stringify('x'.repeat(MAX_ENVELOPE_BYTES - empty.length));
  const atTheEdge = canonicalText({ ...fields, payload, nonce: 'n', issuedAt: '2026-03-01T12:00:00Z' });
  expect(Buffer.byteLength(atTheEdge)).toBe(MAX_ENVELOPE_BYTES);
  const resigned = canonicalText({
    ...fields,
    payload,
    nonce: 'n'.repeat(101),
    issuedAt: '2026-03-01T12:00:00.123456789Z',
  });
  const hints = { scope: `channel:${'c'.repeat(63)}:${'a'.repeat(31)}-to-${'b'.repeat(31)}`, keyId: 'k'.repeat(128) };
  const envelope = buildEnvelope(resigned, hints, Buffer.alloc(64));
  expect(Buffer.byteLength(`data: ${envelope}`)).toBe(65_535);
  expect(parseEnvelope(envelope)).toMatchObject(hints);
});

test('a public key is written as Go reads it', () => {
  expect(publicText(pair.publicKey)).toMatch(/^[A-Za-z0-9+/]{43}=$/);
});
