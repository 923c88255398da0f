import {
  canonicalText,
  MAX_ENVELOPE_BYTES,
  NonceMemory,
  parseEnvelope,
  publicKeyFromText,
  verifyEnvelope,
} from '@plexsphere/wire';
import { privateKeyOf, publicKeyOf } from '@plexsphere/testkit';
import { sealEnvelope } from './envelope';

const LONGEST_SCOPE = `channel:${'c'.repeat(63)}:${'a'.repeat(31)}-to-${'b'.repeat(31)}`;
const LONGEST_KEY_ID = 'k'.repeat(128);
const EVENT = '9c1f5a90-7a3e-4df7-a6b0-0c7a3f8a51c2';
const fields = {
  eventType: 'policy_changed',
  eventId: EVENT,
  issuedAt: '2031-05-01T10:00:00Z',
  nonce: 'n'.repeat(16),
  payload: '{"big": 12345678901234567890, "one": 1.0}',
};

const NOW = new Date(fields.issuedAt);

const seal = async (payload: string | null, scope = 'platform', keyId = 'p', more = {}) =>
  sealEnvelope(scope, { keyId, privateKey: privateKeyOf('p') }, { ...fields, payload, ...more }, NOW);

test('a Node verifies it, and finds the payload as it was written', async () => {
  const { envelope, key_id } = await seal(fields.payload);
  const parsed = parseEnvelope(envelope);
  expect(parsed).toMatchObject({ scope: 'platform', keyId: 'p', eventType: 'policy_changed' });
  expect(parsed.payload.replaceAll(' ', '')).toBe('{"big":12345678901234567890,"one":1.0}');
  const keys = [{ keyId: 'p', publicKey: publicKeyFromText(publicKeyOf('p')) }];
  expect(verifyEnvelope(parsed, keys, new Date(fields.issuedAt), new NonceMemory()).keyId).toBe(key_id);
});

test('without a payload it says null', async () => {
  expect(parseEnvelope((await seal(null)).envelope).payload).toBe('null');
});

test.each([
  ['payload', { payload: '{' }],
  ['issued_at', { issuedAt: 'now' }],
  ['nonce', { nonce: '' }],
  ['event_id', { eventId: '' }],
])('a malformed %s is refused by name', async (field, change) => {
  await expect(seal(null, 'platform', 'p', change)).rejects.toEqual(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) }),
  );
});

const from = (seconds: number): object => ({ issuedAt: new Date(NOW.getTime() + seconds * 1_000).toISOString() });

test.each([from(-30), from(30), { issuedAt: '2031-05-01T12:00:29.5+02:00' }])(
  'an issued_at within the clock skew is signed: %j',
  async (change) => {
    await expect(seal(null, 'platform', 'p', change)).resolves.toBeDefined();
  },
);

const TWO = `${EVENT}/${EVENT}`;
test.each([
  ['issued_at', from(30.001)],
  ['issued_at', from(-30.001)],
  ['issued_at', from(3_600)],
  ['issued_at', { issuedAt: '2036-05-01T10:00:00Z' }],
  ['issued_at', { issuedAt: '9999-12-31T23:59:59Z' }],
  ['issued_at', { issuedAt: '2031-05-01T10:00:30.000000001Z' }],
  ['event_id', { eventId: 'e-1' }],
  ['event_id', { eventId: EVENT.toUpperCase() }],
  ['event_id', { eventId: `${TWO}/${EVENT}` }],
  ['event_id', { eventId: `${EVENT}/` }],
  ['event_id', { eventId: `${EVENT}\n` }],
  ['nonce', { nonce: 'n'.repeat(15) }],
  ['nonce', { nonce: 'n'.repeat(101) }],
  ['nonce', { nonce: `${'n'.repeat(16)} ` }],
])('S9: nothing is signed for later, nor under a name of another grammar: %s %j', async (field, change) => {
  await expect(seal(null, 'platform', 'p', change)).rejects.toEqual(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) }),
  );
});

test('an event for one Node has the id of the Node before its own', async () => {
  expect(parseEnvelope((await seal(null, 'platform', 'p', { eventId: TWO })).envelope).eventId).toBe(TWO);
});

/** With a nonce of no characters: what a later signing has more of it is part of the room that is left. */
const payloadFor = (canonicalBytes: number): string => {
  const empty = canonicalText({ ...fields, payload: '""' });
  return `"${'x'.repeat(canonicalBytes - empty.length + fields.nonce.length)}"`;
};

test('what was accepted at the largest fits whatever key signs it, with the longest of everything that signing adds', async () => {
  const payload = payloadFor(MAX_ENVELOPE_BYTES);
  const longer = { nonce: 'n'.repeat(100), issuedAt: '2031-05-01T10:00:00.123456789Z' };
  const { envelope } = await seal(payload, LONGEST_SCOPE, LONGEST_KEY_ID, longer);
  expect(Buffer.byteLength(`data: ${envelope}`)).toBe(65_535);
  await expect(seal(`${payload.slice(0, -1)}x"`, LONGEST_SCOPE, LONGEST_KEY_ID, longer)).rejects.toEqual(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', detail: 'signing: envelope too large' }),
  );
});
