import { momentaryBytes } from './momentary-bytes';

test.each([
  ['none', ''],
  ['plain', '{"a":1}'],
  ['of other characters', 'ä€😀\ud800'],
  ['the longest for which there is room', '€'.repeat(5_461)],
  ['longer ones', '€'.repeat(5_462)],
])('the bytes of a text are those that any buffer of it has: %s', (_, text) => {
  expect(Buffer.from(momentaryBytes(text))).toEqual(Buffer.from(text));
});

test('a shorter text has nothing of the one before', () => {
  momentaryBytes('before');
  expect(Buffer.from(momentaryBytes('x')).toString()).toBe('x');
});
