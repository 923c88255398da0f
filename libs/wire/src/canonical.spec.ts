import fc from 'fast-check';
import { anyCharacter } from '@plexsphere/testkit';
import { canonicalText } from './canonical';
import { parseEnvelope } from './envelope';
import { Problem } from './problem';

const fields = {
  eventType: 'node_state_updated',
  eventId: 'evt-1',
  issuedAt: '2026-03-01T11:59:58.120Z',
  nonce: 'n-1',
  payload: '{"a":1}',
};
const payloadOf = (canonical: string): string => canonical.slice(canonical.indexOf('"payload":') + 10, -1);

/** JSON as tokens, with spellings that JSON.parse would lose, so that blanks can be put between any two of them. */
const json = fc.letrec<{ value: string[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1.0', '1E5', '-0', '0.10', '12345678901234567890', 'true', 'null').map((leaf) => [leaf]),
    fc.constantFrom('"\\u003C"', '"\\/ \\ud800"', '"<&>"', '"\u2028\u2029"').map((leaf) => [leaf]),
    fc.string({ unit: 'grapheme' }).map((text) => [JSON.stringify(text)]),
    fc.array(tie('value')).map((items) => ['[', ...separated(items), ']']),
    fc
      .array(fc.tuple(fc.constantFrom('"a"', '"<k>"', '"\\u0061"'), tie('value')))
      .map((members) => ['{', ...separated(members.map(([name, value]) => [name, ':', ...value])), '}']),
  ),
})).value;
const separated = (items: string[][]): string[] =>
  items.flatMap((item, index) => (index === 0 ? item : [',', ...item]));
const spaced = fc
  .tuple(json, fc.infiniteStream(fc.constantFrom('', ' ', '\n', '\t', '\r\n  ')))
  .map(([tokens, blanks]) => [...tokens, ''].map((token) => `${blanks.next().value}${token}`).join(''));

describe('the canonical text', () => {
  test('is idempotent in its payload', () => {
    fc.assert(
      fc.property(spaced, (payload) => {
        const canonical = canonicalText({ ...fields, payload });
        expect(canonicalText({ ...fields, payload: payloadOf(canonical) })).toBe(canonical);
      }),
    );
  });

  test('means the same JSON as the payload did', () => {
    fc.assert(
      fc.property(spaced, (payload) => {
        expect(JSON.parse(payloadOf(canonicalText({ ...fields, payload })))).toEqual(JSON.parse(payload));
      }),
    );
  });

  test('does not depend on blanks', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(' ', '\n', '\t', '\r\n'), (tokens, blank) => {
        const payload = tokens.join(blank);
        expect(canonicalText({ ...fields, payload })).toBe(canonicalText({ ...fields, payload: tokens.join('') }));
      }),
    );
  });

  test('is what a Node computes from the envelope, whatever the strings hold', () => {
    const anyText = fc.string({ unit: anyCharacter, minLength: 1 });
    fc.assert(
      fc.property(anyText, anyText, anyText, spaced, (eventType, eventId, nonce, payload) => {
        const canonical = canonicalText({ ...fields, eventType, eventId, nonce, payload });
        const received = Buffer.from(canonical).toString('utf8');
        expect(parseEnvelope(received).canonical).toBe(canonical);
      }),
    );
  });

  test('holds U+FFFD for what UTF-8 cannot carry', () => {
    const canonical = canonicalText({ ...fields, eventId: 'a\ud800b', payload: '"\udfff"' });
    expect(canonical).toContain('"event_id":"a\ufffdb"');
    expect(parseEnvelope(canonical).eventId).toBe('a\ufffdb');
    expect(payloadOf(canonical)).toBe('"\ufffd"');
  });

  test('is a JSON object, which no JWS signing input can be', () => {
    expect(canonicalText({ ...fields, payload: null })).toMatch(/^\{.*"payload":null\}$/);
  });
});

test.each([
  ['payload', { payload: '{"a":1' }],
  ['payload', { payload: '' }],
  ['payload', { payload: '{}{"signature":""}' }],
  ['payload', { payload: '1},"payload":{"a":2' }],
  ['payload', { payload: '['.repeat(100_000) }],
  ['issued_at', { issuedAt: 'yesterday' }],
  ['issued_at', { issuedAt: '2026-03-01T11:59:58Z","nonce":"x' }],
  ['event_type', { eventType: '' }],
  ['event_id', { eventId: '' }],
  ['nonce', { nonce: '' }],
])('a bad %s is refused before anything is signed', (field, bad) => {
  const attempt = (): string => canonicalText({ ...fields, ...bad });
  expect(attempt).toThrow(Problem);
  expect(attempt).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) as unknown }),
  );
});
