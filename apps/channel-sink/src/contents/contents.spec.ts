import { hex, ring, secretOf } from '../../testing/keys';
import { encoded } from './encodings';
import { entriesOf } from './entries-of';
import { FORMATS } from './formats';
import { hasClosed } from './has-closed';

const { map, active } = FORMATS;

test('a secret is spelled in three ways, and each comes back as the same 32 bytes', () => {
  const secret = secretOf('k1');
  expect(encoded(secret, 'hex')).toMatch(/^[0-9a-f]{64}$/);
  expect(Buffer.from(encoded(secret, 'hex'), 'hex')).toEqual(secret);
  expect(encoded(secret, 'base64')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(Buffer.from(encoded(secret, 'base64'), 'base64')).toEqual(secret);
  expect(encoded(secret, 'whsec')).toBe(`whsec_${encoded(secret, 'base64')}`);
});

test('who verifies is given all keys, the staged one too; who signs the active one', () => {
  const ids = (use: 'sign' | 'verify') => entriesOf(ring('k3 *k2 k1', use), use, 'hex').map(([keyId]) => keyId);
  expect(ids('verify')).toEqual(['k3', 'k2', 'k1']);
  expect(ids('sign')).toEqual(['k2']);
});

test('a map is in the order of its keys, whatever they are called', () => {
  const text = map.write([
    ['z', '1'],
    ['20261122', '2'],
    ['__proto__', '3'],
  ]);
  expect(text).toBe('{"z":"1","20261122":"2","__proto__":"3"}');
  expect(new Map(map.read(text))).toEqual(new Map(Object.entries(JSON.parse(text) as object)));
  expect(new Map(map.read(text)).get('__proto__')).toBe('3');
});

test('the active key stands by its id and its secret, and none as nothing', () => {
  const text = active.write([['k1', hex('k1')]]);
  expect(JSON.parse(text)).toEqual({ key_id: 'k1', secret: hex('k1') });
  expect(active.read(text)).toEqual([['k1', hex('k1')]]);
  expect(active.read(active.write([]))).toEqual([]);
});

test.each(['', 'null', '[]', '"text"', '{', '{"k1":1}', '{"k1":{"a":"b"}}', '{"k1":null}'])('%j is no map', (text) => {
  expect(map.read(text)).toBeUndefined();
});

test.each(['', '[]', '{"key_id":"k1"}', '{"key_id":"k1","secret":1}', '{"key_id":"k1","secret":"s","more":"m"}'])(
  '%j is no active key',
  (text) => expect(active.read(text)).toBeUndefined(),
);

test.each([
  ['a new key is staged', '*k1', 'k2 *k1', false],
  ['it signs', 'k2 *k1', '*k2 k1', false],
  ['the rotation is closed', '*k2 k1', '*k2', true],
  ['closed while this sink slept', '*k1', '*k2', true],
  ['closed, and the next key is staged already', '*k2 k1', 'k3 *k2', true],
  ['a staged key is taken back', 'k2 *k1', '*k1', false],
  ['rolled back: the old key signs again', '*k2 k1', 'k2 *k1', false],
  ['and the new one has gone', 'k2 *k1', '*k1', false],
  ['both while this sink slept', '*k2 k1', '*k1', false],
  ['the ring has gone', '*k1', '', false],
  ['nothing has happened', '*k2 k1', '*k2 k1', false],
])('%s: %s, then %s', (_, before, now, isClosed) => {
  expect(
    hasClosed(
      ring(before).map(({ keyId }) => keyId),
      ring(now),
    ),
  ).toBe(isClosed);
});
