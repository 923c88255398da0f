import fc from 'fast-check';
import { isScope, MAX_SCOPE_LENGTH, parseScope, SCOPE_KINDS, scopeKind, type ParsedScope } from './scope';

const UUID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const SIDE = `a${'z'.repeat(30)}`;

test.each<[string, ParsedScope]>([
  ['platform', { kind: 'platform' }],
  [`domain:${UUID}`, { kind: 'domain', id: UUID }],
  ['issuer:a', { kind: 'issuer', slug: 'a' }],
  [`issuer:${'a'.repeat(63)}`, { kind: 'issuer', slug: 'a'.repeat(63) }],
  ['channel:chat-plugin-2:app-to-plugin', { kind: 'channel', slug: 'chat-plugin-2', from: 'app', to: 'plugin' }],
  ['channel:a-to-b:to-to-to', { kind: 'channel', slug: 'a-to-b', from: 'to', to: 'to' }],
  [`channel:c:${SIDE}-to-b2`, { kind: 'channel', slug: 'c', from: SIDE, to: 'b2' }],
])('%s is read as %j', (scope, parsed) => {
  expect(parseScope(scope)).toEqual(parsed);
  expect(scopeKind(scope)).toBe(parsed.kind);
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
  ["a member of every object's", 'constructor:a'],
  ['a slug in capitals', 'issuer:Auth'],
  ['a slug of 64', `issuer:${'a'.repeat(64)}`],
  ['a slug that begins with a dash', 'issuer:-a'],
  ['a slug that ends with a dash', 'channel:a-:x-to-y'],
  ['an issuer with a direction', 'issuer:a:x-to-y'],
  ['a channel without its direction', 'channel:chat'],
  ['a channel with one side', 'channel:chat:x'],
  ['a channel with an empty side', 'channel:chat:x-to-'],
  ['a channel of three sides', 'channel:chat:x-to-y-to-z'],
  ['a side with a dash', 'channel:chat:x-y-to-z'],
  ['a side that begins with a digit', 'channel:chat:2x-to-y'],
  ['a side in capitals', 'channel:chat:X-to-y'],
  ['a side of 32', `channel:chat:${SIDE}z-to-y`],
  ['a subject token', 'issuer:a.b'],
  ['a subject wildcard', 'issuer:*'],
  ['a second colon', 'issuer:a:b'],
  ['not text', ['platform']],
  ['nothing', undefined],
])('%s is no scope', (_, scope) => {
  expect(isScope(scope)).toBe(false);
});

const uuid = fc.uuid();
const slug = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const side = fc.stringMatching(/^[a-z][a-z0-9]{0,30}$/);
const parsedScope = fc.oneof<fc.Arbitrary<ParsedScope>[]>(
  fc.constant({ kind: 'platform' }),
  uuid.map((id) => ({ kind: 'domain', id })),
  slug.map((text) => ({ kind: 'issuer', slug: text })),
  fc.record({ kind: fc.constant('channel' as const), slug, from: side, to: side }),
);

function textOf(scope: ParsedScope): string {
  switch (scope.kind) {
    case 'platform':
      return 'platform';
    case 'domain':
      return `domain:${scope.id}`;
    case 'issuer':
      return `issuer:${scope.slug}`;
    case 'channel':
      return `channel:${scope.slug}:${scope.from}-to-${scope.to}`;
  }
}

test('each scope has one text, and each text one way to read it', () => {
  fc.assert(
    fc.property(parsedScope, (scope) => {
      expect(parseScope(textOf(scope))).toEqual(scope);
      expect(textOf(scope).length).toBeLessThanOrEqual(MAX_SCOPE_LENGTH);
    }),
  );
});

test('what is read as a scope is that very text, however close to one it comes', () => {
  const piece = fc.oneof(
    fc.constantFrom(':', '-to-', '-', 'channel', 'issuer', 'domain', 'platform', '\n'),
    slug,
    side,
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      const parsed = parseScope(given);
      if (parsed !== undefined) expect(textOf(parsed)).toBe(given);
    }),
    { numRuns: 2_000 },
  );
});

test('a scope is one token of a subject', () => {
  fc.assert(fc.property(parsedScope, (scope) => expect(textOf(scope)).toMatch(/^[^\s.*>]+$/)));
});

test('a kind is the word before the first colon, so that no two kinds have a text in common', () => {
  for (const [kind, form] of Object.entries(SCOPE_KINDS)) expect(form.split(':')[0]).toBe(kind);
});

test('the longest scope is that of a channel', () => {
  const longest = `channel:${'c'.repeat(63)}:${SIDE}-to-${SIDE}`;
  expect(isScope(longest)).toBe(true);
  expect(MAX_SCOPE_LENGTH).toBe(longest.length);
});
