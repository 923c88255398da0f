import { Refusal } from './refusal';
import { hasStatements, SCOPE_POLICIES, scopePolicy } from './scope-policy';

test.each(Object.keys(SCOPE_POLICIES))('%s has its row', (kind) => {
  expect(scopePolicy(kind)).toBe(SCOPE_POLICIES[kind]);
});

test.each(['secret', 'Platform', '', 'constructor', '__proto__', undefined])(
  'no ring can be of the kind %s',
  (kind) => {
    expect(() => scopePolicy(kind)).toThrow(new Refusal('invariant_violation', { field: 'scope' }));
  },
);

test.each(['platform', 'domain'])('a Node of %s has room for two keys, and follows statements', (kind) => {
  expect(scopePolicy(kind)).toMatchObject({ algorithm: 'Ed25519', mostTrusted: 2, gate: 'nodes' });
  expect(hasStatements(scopePolicy(kind))).toBe(true);
});

test('what a mesh trusts is made by Ed25519 alone', () => {
  for (const kind of ['platform', 'domain']) expect(scopePolicy(kind).algorithms).toEqual(['Ed25519']);
});

/** A verifier that looks at no `typ` takes whatever an issuer's key signed for a token. */
test('an issuer’s keys sign statements and tokens, and no other’s sign tokens', () => {
  expect(scopePolicy('issuer').signs).toEqual(['statement', 'token']);
  const signing = Object.keys(SCOPE_POLICIES).filter((kind) => scopePolicy(kind).signs.includes('token'));
  expect(signing).toEqual(['issuer']);
});

test('only the platform vouches for what others should trust now', () => {
  const vouching = Object.keys(SCOPE_POLICIES).filter((kind) => scopePolicy(kind).signs.includes('bundle'));
  expect(vouching).toEqual(['platform']);
});

test('a channel’s key signs nothing that a signer makes, and has nobody told but its members', () => {
  expect(scopePolicy('channel')).toMatchObject({
    ...{ algorithms: ['HS256'], signs: [], newKey: 'is_proven_first', gate: 'members' },
    tells: { ownNodes: null, otherNodes: null },
  });
  expect(hasStatements(scopePolicy('channel'))).toBe(false);
});
