import { isEventType, isKeyId, isNodeName, isReservedEventType } from './names';

test.each(['a', '_', '-', '0', 'platform-2026-05', 'A.b_c~d-e', 'a'.repeat(128)])('%s is a key id', (keyId) => {
  expect(isKeyId(keyId)).toBe(true);
});

test.each([
  ['empty', ''],
  ['129 characters', 'a'.repeat(129)],
  ['a leading dot', '.a'],
  ['a leading tilde', '~a'],
  ['a slash', 'a/b'],
  ['a colon', 'a:b'],
  ['a blank', 'a b'],
  ['a percent sign', 'a%20'],
  ['a letter outside ASCII', 'é'],
  ['a line feed at its end', 'a\n'],
  ['not text', 7],
])('%s is no key id', (_, keyId) => {
  expect(isKeyId(keyId)).toBe(false);
});

test.each([
  ['signing_key_rotated', true],
  ['signing_key_anything', true],
  ['platform_key_rotated', true],
  ['channel_keys_changed', true],
  ['stream_ready', true],
  ['resync', true],
  ['channel_keys_changed', true],
  ['signing_keys', false],
  ['channel_keyed', false],
  ['resync_done', false],
  ['peer_added', false],
])('event type %s reserved: %s', (eventType, reserved) => {
  expect(isEventType(eventType)).toBe(true);
  expect(isReservedEventType(eventType)).toBe(reserved);
});

test.each(['', 'Peer', '1a', 'a-b', 'a'.repeat(65), 'Signing_key_rotated'])('%s is no event type', (eventType) => {
  expect(isEventType(eventType)).toBe(false);
});

test.each([
  ['node-1', true],
  ['Node_1.lab', true],
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  ['.a', false],
  ['-a', false],
  ['a b', false],
  ['', false],
])('%s names a Node: %s', (name, accepted) => {
  expect(isNodeName(name)).toBe(accepted);
});
