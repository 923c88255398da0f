import { createHmac } from 'node:crypto';
import { CompactEncrypt, exportJWK, exportSPKI, FlattenedSign, SignJWT, UnsecuredJWT } from 'jose';
import { AUDIENCE, ISSUER, claims, nowSeconds, testKey, token, type TestKey } from '../testing/test-key';
import { readKeySet, type KeySet } from './key-set';
import { readHeader, verifyToken } from './verify-token';

const RULES = { issuer: ISSUER, audience: [AUDIENCE, 'stock'], types: ['at+jwt'], clockToleranceSeconds: 5 };

let key: TestKey;
let stranger: TestKey;
let rsa: TestKey;
let keys: KeySet;
const setOf = async (...published: TestKey[]) =>
  (await readKeySet(JSON.stringify({ keys: published.map(({ jwk }) => jwk) })))!;

beforeAll(async () => {
  [key, stranger, rsa] = await Promise.all([testKey('k1'), testKey('k1'), testKey('r1', 'RS256')]);
  keys = await setOf(key, rsa);
});

async function verdict(text: string, by = keys, rules = RULES) {
  const header = readHeader(text, rules);
  return typeof header === 'string' ? header : verifyToken(text, header, by, rules);
}

describe('a good token', () => {
  it('is told as it is', async () => {
    expect(await verdict(await token(key, { team: 'a' }))).toMatchObject({
      claims: { iss: ISSUER, aud: AUDIENCE, sub: 'billing', team: 'a' },
      scopes: ['orders:read', 'orders:write'],
      header: { alg: 'ES256', kid: 'k1', typ: 'at+jwt' },
    });
  });

  it.each<[what: string, changes: object]>([
    ['is for several', { aud: ['others', AUDIENCE] }],
    ['is for the second name', { aud: 'stock' }],
    ['has no scope', { scope: undefined }],
    ['is over for no longer than clocks are off', { exp: nowSeconds() - 1 }],
    ['is good from when clocks are off', { nbf: nowSeconds() + 3 }],
    ['says nothing of who asked', { sub: undefined, client_id: undefined, jti: undefined, iat: undefined }],
  ])('may be one that %s', async (_, changes) =>
    expect(await verdict(await token(key, changes))).toMatchObject({ claims: { iss: ISSUER } }),
  );

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/at+jwt'])('may be of typ %s', async (typ) =>
    expect(await verdict(await token(key, {}, { typ }))).toMatchObject({ header: { typ } }),
  );

  it.each(['ES256', 'EdDSA', 'RS256', 'PS256'] as const)('may be by %s', async (alg) => {
    const other = await testKey('other', alg);
    expect(await verdict(await token(other), await setOf(other))).toMatchObject({ header: { alg } });
  });

  it('may name no key where one alone can be meant', async () => {
    const nameless = await token(key, {}, { kid: undefined as never });
    expect(await verdict(nameless)).toMatchObject({ header: { alg: 'ES256' } });
    expect(await verdict(nameless, await setOf(key, { ...stranger, jwk: { ...stranger.jwk, kid: 'k2' } }))).toBe(
      'unknown_key',
    );
  });
});

describe('by its claims it is refused:', () => {
  it.each<[reason: string, changes: object]>([
    ['wrong_issuer', { iss: `${ISSUER}/` }],
    ['wrong_issuer', { iss: [ISSUER] }],
    ['wrong_issuer', { iss: null }],
    ['claim_invalid', { iss: undefined }],
    ['wrong_audience', { aud: 'others' }],
    ['wrong_audience', { aud: `${AUDIENCE} ` }],
    ['wrong_audience', { aud: [] }],
    ['wrong_audience', { aud: [['orders']] }],
    ['wrong_audience', { aud: { orders: true } }],
    ['claim_invalid', { aud: undefined }],
    ['claim_invalid', { aud: [AUDIENCE, 5] }],
    ['expired', { exp: nowSeconds() - 60 }],
    ['expired', { exp: 0 }],
    ['expired', { exp: -1e300 }],
    ['claim_invalid', { exp: undefined }],
    ['claim_invalid', { exp: null }],
    ['claim_invalid', { exp: `${nowSeconds() + 300}` }],
    ['claim_invalid', { exp: [nowSeconds() + 300] }],
    ['claim_invalid', { iat: 'now' }],
    ['claim_invalid', { nbf: 'now' }],
    ['not_yet_valid', { nbf: nowSeconds() + 60 }],
    ['claim_invalid', { sub: 5 }],
    ['claim_invalid', { scope: ['orders:read'] }],
    ['claim_invalid', { client_id: {} }],
  ])('%s for %j', async (reason, changes) => expect(await verdict(await token(key, changes))).toBe(reason));
});

describe('a forged token', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tampered = async (change: (parts: [string, string, string]) => string[]) =>
    change((await token(key)).split('.') as [string, string, string]).join('.');

  it.each<[threat: string, reason: string, make: () => Promise<string> | string]>([
    ['says that nobody signed it', 'wrong_algorithm', () => new UnsecuredJWT(claims()).encode()],
    [
      'says so with a type',
      'wrong_algorithm',
      () => `${part({ alg: 'none', typ: 'at+jwt', kid: 'k1' })}.${part(claims())}.`,
    ],
    [
      'says so in capitals',
      'wrong_algorithm',
      () => `${part({ alg: 'NONE', typ: 'at+jwt', kid: 'k1' })}.${part(claims())}.`,
    ],
    ['has no signature', 'signature_invalid', () => tampered(([header, body]) => [header, body, ''])],
    ['is by the public key as a secret', 'wrong_algorithm', hs256ByPublicKey],
    ['is by a stranger’s key of the same name', 'signature_invalid', () => token(stranger)],
    [
      'brings its own key',
      'signature_invalid',
      async () => token(stranger, {}, { jwk: await exportJWK(stranger.publicKey) }),
    ],
    ['says where its key is', 'signature_invalid', () => token(stranger, {}, { jku: 'http://127.0.0.1:1/jwks.json' })],
    [
      'brings a certificate',
      'signature_invalid',
      () => token(stranger, {}, { x5c: ['MIIB'], x5u: 'http://127.0.0.1:1' } as never),
    ],
    ['wants a rule that is not known here', 'malformed', withARule],
    ['wants its body as it is', 'malformed', unencoded],
    ['names a key of another algorithm', 'unknown_key', () => token(rsa, {}, { kid: 'k1' })],
    [
      'names an algorithm that none of the keys is of',
      'unknown_key',
      () => tampered(([, ...rest]) => [part({ alg: 'PS256', typ: 'at+jwt', kid: 'r1' }), ...rest]),
    ],
    ['names no key that there is', 'unknown_key', () => token(key, {}, { kid: 'k2' })],
    [
      'has a number for a key',
      'malformed',
      () => tampered(([, ...rest]) => [part({ alg: 'ES256', typ: 'at+jwt', kid: 1 }), ...rest]),
    ],
    [
      'has null for a key',
      'malformed',
      () => tampered(([, ...rest]) => [part({ alg: 'ES256', typ: 'at+jwt', kid: null }), ...rest]),
    ],
    ['has a key’s name of 5 kB', 'unknown_key', () => token(key, {}, { kid: 'k'.repeat(5_000) })],
    ['has a key’s name of 10 kB', 'malformed', () => token(key, {}, { kid: 'k'.repeat(10_000) })],
    ['is no access token', 'wrong_type', () => token(key, {}, { typ: 'JWT' })],
    ['is an id token by its looks', 'wrong_type', () => token(key, {}, { typ: undefined as never })],
    ['is data that the key signed', 'wrong_type', () => token(key, {}, { typ: 'application/statement' })],
    ['has a list of types', 'wrong_type', () => token(key, {}, { typ: ['at+jwt'] as never })],
    [
      'says something else than was signed',
      'signature_invalid',
      () => tampered(([header, , signature]) => [header, part(claims({ sub: 'root' })), signature]),
    ],
    [
      'has another header than was signed',
      'signature_invalid',
      () => tampered(([, ...rest]) => [part({ kid: 'k1', alg: 'ES256', typ: 'at+jwt' }), ...rest]),
    ],
    ['is encrypted', 'malformed', encrypted],
    ['has claims that are a list', 'malformed', () => signed('[]')],
    ['has claims that are no JSON', 'malformed', () => signed('{')],
    [
      'has a header that is a list',
      'malformed',
      () => tampered(([, ...rest]) => [Buffer.from('[]').toString('base64url'), ...rest]),
    ],
    ['has a header that is no JSON', 'malformed', () => tampered(([, ...rest]) => ['e30x', ...rest])],
    ['is no JWT', 'malformed', () => 'a.b.c'],
    ['is nothing', 'malformed', () => ''],
    ['is dots', 'malformed', () => '.'.repeat(8_000)],
    ['is a megabyte', 'malformed', () => `a.${'b'.repeat(1_048_576)}.c`],
  ])('that %s: %s', async (_, reason, make) => expect(await verdict(await make())).toBe(reason));

  async function hs256ByPublicKey(): Promise<string> {
    const text = `${part({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })}.${part(claims())}`;
    return `${text}.${createHmac('sha256', await exportSPKI(key.publicKey))
      .update(text)
      .digest('base64url')}`;
  }

  /** By the right key, which says that whoever does not know the rule must refuse. */
  function withARule(): Promise<string> {
    return new SignJWT(claims())
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', crit: ['rule'], rule: 1 })
      .sign(key.privateKey, { crit: { rule: true } });
  }

  async function unencoded(): Promise<string> {
    const { protected: header, signature } = await new FlattenedSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', b64: false, crit: ['b64'] })
      .sign(key.privateKey);
    return `${header}.{}.${signature}`;
  }

  function encrypted(): Promise<string> {
    return new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt', kid: 'k1' })
      .encrypt(key.publicKey);
  }

  async function signed(text: string): Promise<string> {
    const {
      protected: header,
      payload,
      signature,
    } = await new FlattenedSign(Buffer.from(text))
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
      .sign(key.privateKey);
    return `${header}.${payload}.${signature}`;
  }
});

it('lets in nobody by an issuer that vouches for no key', async () =>
  expect(await verdict(await token(key), await setOf())).toBe('unknown_key'));

it('takes the types that it was told of, for tokens of before RFC 9068', async () => {
  const old = await new SignJWT(claims())
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' })
    .sign(key.privateKey);
  expect(await verdict(old, keys, { ...RULES, types: ['at+jwt', 'JWT'] })).toMatchObject({ header: { typ: 'JWT' } });
  expect(await verdict(await token(key, {}, { typ: 'id+jwt' }), keys, { ...RULES, types: ['at+jwt', 'JWT'] })).toBe(
    'wrong_type',
  );
});
