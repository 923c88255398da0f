import {
  canonicalText,
  MAX_ENVELOPE_BYTES,
  NonceMemory,
  parseEnvelope,
  publicKeyFromRaw,
  verifyEnvelope,
} from '@plexsphere/wire';
import { privateKeyOf, publicKeyOf } from '../../testing/rings';
import { sealEnvelope } from './envelope';

const LONGEST_SCOPE = `channel:${'c'.repeat(63)}`;
const LONGEST_KEY_ID = 'k'.repeat(128);
const fields = {
  eventType: 'policy_changed',
  eventId: 'e-1',
  issuedAt: '2031-05-01T10:00:00Z',
  nonce: 'n-1',
  payload: '{"big": 12345678901234567890, "one": 1.0}',
};

const seal = (payload: string | null, scope = 'platform', keyId = 'p', more = {}) =>
  sealEnvelope(scope, { keyId, privateKey: privateKeyOf('p') }, { ...fields, payload, ...more });

test('a Node verifies it, and finds the payload as it was written', () => {
  const { envelope, key_id } = seal(fields.payload);
  const parsed = parseEnvelope(envelope);
  expect(parsed).toMatchObject({ scope: 'platform', keyId: 'p', eventType: 'policy_changed' });
  expect(parsed.payload.replaceAll(' ', '')).toBe('{"big":12345678901234567890,"one":1.0}');
  const keys = [{ keyId: 'p', publicKey: publicKeyFromRaw(publicKeyOf('p')) }];
  expect(verifyEnvelope(parsed, keys, new Date(fields.issuedAt), new NonceMemory()).keyId).toBe(key_id);
});

test('without a payload it says null', () => {
  expect(parseEnvelope(seal(null).envelope).payload).toBe('null');
});

test.each([
  ['payload', { payload: '{' }],
  ['issued_at', { issuedAt: 'now' }],
  ['nonce', { nonce: '' }],
  ['event_id', { eventId: '' }],
])('a malformed %s is refused by name', (field, change) => {
  expect(() => seal(null, 'platform', 'p', change)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) }),
  );
});

const payloadFor = (canonicalBytes: number): string => {
  const empty = canonicalText({ ...fields, payload: '""' });
  return `"${'x'.repeat(canonicalBytes - empty.length)}"`;
};

test('what was accepted at the largest fits whatever key signs it, with the longest of everything that signing adds', () => {
  const payload = payloadFor(MAX_ENVELOPE_BYTES);
  const longer = { nonce: `${fields.nonce}${'n'.repeat(100)}`, issuedAt: '2031-05-01T10:00:00.123456789Z' };
  const { envelope } = seal(payload, LONGEST_SCOPE, LONGEST_KEY_ID, longer);
  expect(Buffer.byteLength(`data: ${envelope}`)).toBe(65_535);
  expect(() => seal(`${payload.slice(0, -1)}x"`, LONGEST_SCOPE, LONGEST_KEY_ID, longer)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', detail: 'signing: envelope too large' }),
  );
});
