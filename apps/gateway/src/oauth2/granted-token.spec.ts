import { grantedToken } from './granted-token';

const CLIENT = { tokenScopes: ['api', 'read', 'write'], audiences: ['https://a', 'https://b'], ttlSeconds: 300 };
const FORM = { grant_type: 'client_credentials' };

test.each([
  ['nothing in particular', {}, { audience: 'https://a', tokenScopes: ['api', 'read', 'write'] }],
  ['some of its scopes', { scope: 'write api' }, { tokenScopes: ['write', 'api'] }],
  ['one of them twice', { scope: 'api  api' }, { tokenScopes: ['api'] }],
  ['a resource', { resource: 'https://b' }, { audience: 'https://b' }],
  ['an audience', { audience: 'https://b' }, { audience: 'https://b' }],
])('a client that asks for %s gets it', (_, asked, granted) => {
  expect(grantedToken({ ...FORM, ...asked }, CLIENT, 3_600)).toMatchObject(granted);
});

test('a token lives as long as the client has it, and never longer than the issuer lets one live', () => {
  const lifeOf = (ttlSeconds: number | null, longest: number) =>
    grantedToken(FORM, { ...CLIENT, ttlSeconds }, longest).lifeSeconds;
  expect([lifeOf(300, 3_600), lifeOf(300, 60), lifeOf(null, 900)]).toEqual([300, 60, 900]);
});

test.each([
  ['no grant', { grant_type: undefined }, 'invalid_request'],
  ['another grant', { grant_type: 'authorization_code' }, 'unsupported_grant_type'],
  ['a scope that it has not', { scope: 'api admin' }, 'invalid_scope'],
  ['blanks', { scope: '  ' }, 'invalid_scope'],
  ['an audience that is not its own', { resource: 'https://c' }, 'invalid_target'],
  ['two audiences in two ways', { resource: 'https://a', audience: 'https://b' }, 'invalid_request'],
])('a client that asks for %s is refused', (_, asked, code) => {
  const form = { ...FORM, ...asked } as Record<string, string>;
  expect(() => grantedToken(form, CLIENT, 3_600)).toThrow(expect.objectContaining({ code }));
});
