import { isEventType, isKeyId, isNodeName, isReservedEventType, isScope, scopeKind } from './names';

const UUID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

test.each([
  ['platform', 'platform'],
  [`domain:${UUID}`, 'domain'],
  ['issuer:a', 'issuer'],
  [`issuer:${'a'.repeat(63)}`, 'issuer'],
  ['channel:chat-plugin-2', 'channel'],
])('%s is of kind %s', (scope, kind) => {
  expect(scopeKind(scope)).toBe(kind);
});

test.each([
  ['empty', ''],
  ['an upper-case UUID', `domain:${UUID.toUpperCase()}`],
  ['one upper-case digit', `domain:${UUID.replace('a', 'A')}`],
  ['a UUID without dashes', `domain:${UUID.replaceAll('-', '')}`],
  ['a UUID in braces', `domain:{${UUID}}`],
  ['a UUID and more', `domain:${UUID}0`],
  ['a UUID and a line feed', `domain:${UUID}\n`],
  ['no UUID', 'domain:'],
  ['no kind', `:${UUID}`],
  ['a bare UUID', UUID],
  ['platform with a name', 'platform:x'],
  ['platform in capitals', 'Platform'],
  ['platform and a blank', 'platform '],
  ['another kind', 'node:a'],
  ['a slug in capitals', 'issuer:Auth'],
  ['a slug of 64', `issuer:${'a'.repeat(64)}`],
  ['a slug that begins with a dash', 'issuer:-a'],
  ['a slug that ends with a dash', 'channel:a-'],
  ['a subject token', 'channel:a.b'],
  ['a subject wildcard', 'channel:*'],
  ['a second colon', 'channel:a:b'],
  ['not text', ['platform']],
  ['nothing', undefined],
])('%s is no scope', (_, scope) => {
  expect(isScope(scope)).toBe(false);
});

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
  ['stream_ready', true],
  ['resync', true],
  ['signing_keys', false],
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
