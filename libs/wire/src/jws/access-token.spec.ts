import { importJWK, jwtVerify } from 'jose';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, MESH_ALGORITHM, type AlgorithmName, type PrivateKey } from '../algorithms';
import { MAX_TOKEN_LENGTH, longestToken, signAccessToken, verifyAccessToken, type AccessToken } from './access-token';
import { signCompact } from './compact';

const NAMES = PUBLIC_ALGORITHM_NAMES;
const issuer = 'https://auth.example.com/issuers/web';
const now = new Date('2031-05-01T12:00:00.400Z');
const SECOND = Math.floor(now.getTime() / 1_000);
const bare: AccessToken = {
  ...{ iss: issuer, sub: 'billing', aud: ['https://api.example.com', 'orders'], client_id: 'billing' },
  ...{ exp: SECOND + 60, iat: SECOND, jti: '0b6d0e1a-6f0d-4f4c-9a39-52c6b6a2c9fb' },
};
const token: AccessToken = { ...bare, scope: 'orders:read orders:write' };

const keys = new Map<AlgorithmName, PrivateKey>();
const keyOf = (name: AlgorithmName) => ({ keyId: 'web-1', privateKey: keys.get(name)! });
const trusted = (name: AlgorithmName) => [{ keyId: 'web-1', publicKey: keys.get(name)!.publicKey! }];
const byMesh = () => keyOf(MESH_ALGORITHM);
beforeAll(async () => {
  for (const name of NAMES) keys.set(name, await ALGORITHMS[name].generate());
}, 60_000);

const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });
const verdict = (text: string, at = now) => verifyAccessToken(text, trusted(MESH_ALGORITHM), { issuer, now: at });

describe('hostile tokens', () => {
  test.each<[string, object]>([
    ['no issuer', { iss: undefined }],
    ['an issuer of no characters', { iss: '' }],
    ['a subject of two lines', { sub: 'a\nb' }],
    ['a subject of another alphabet', { sub: 'ä' }],
    ['a subject that is too long', { sub: 's'.repeat(256) }],
    ['no audience', { aud: [] }],
    ['an audience twice', { aud: ['a', 'a'] }],
    ['nine audiences', { aud: Array.from({ length: 9 }, (_, n) => `a${n}`) }],
    ['an audience that is no text', { aud: [1] }],
    ['an audience in an object', { aud: { 0: 'a', length: 1 } }],
    ['a client that is no text', { client_id: 7 }],
    ['no client', { client_id: undefined }],
    ['an end that is text', { exp: '1' }],
    ['half a second', { exp: SECOND + 0.5 }],
    ['an end before it begins', { exp: SECOND }],
    ['a beginning that is none', { iat: -1 }],
    ['an id that is a number', { jti: 1 }],
    ['an id that somebody could guess', { jti: '1' }],
    ['a scope in quotes', { scope: '"a"' }],
    ['two blanks in a scope', { scope: 'a  b' }],
    ['a blank behind a scope', { scope: 'a ' }],
    ['a scope that is empty', { scope: '' }],
    ['a scope that is a list', { scope: ['a'] }],
    ['a claim that nobody asked for', { admin: true }],
  ])('%s', async (_, change) => {
    const members = Object.entries({ ...token, ...change }).filter(([, value]) => value !== undefined);
    const hostile = Object.fromEntries(members) as unknown as AccessToken;
    await expect(signAccessToken(hostile, byMesh())).rejects.toEqual(refused('malformed'));
    // As somebody would sign it who has the key and not this code.
    await expect(verdict(await signCompact('at+jwt', hostile, byMesh()))).rejects.toEqual(refused('malformed'));
  });

  test('one that is longer than any that we make is not looked at', async () => {
    await expect(verdict('a'.repeat(MAX_TOKEN_LENGTH + 1))).rejects.toEqual(refused('malformed'));
    const longest = { ...token, aud: Array.from({ length: 8 }, (_, n) => `${n}${'!'.repeat(255)}`) };
    const long = { ...longest, sub: '"'.repeat(255), scope: `${'s'.repeat(120)} `.repeat(40).trim() };
    await expect(signAccessToken(long, byMesh())).rejects.toEqual(refused('malformed'));
  });

  test.each([
    ['none', { alg: 'none', typ: 'at+jwt', kid: 'web-1' }, 'wrong_type'],
    ['HS256', { alg: 'HS256', typ: 'at+jwt', kid: 'web-1' }, 'wrong_type'],
    ['another row’s algorithm', { alg: 'ES256', typ: 'at+jwt', kid: 'web-1' }, 'wrong_type'],
    ['no type', { alg: 'EdDSA', kid: 'web-1' }, 'wrong_type'],
    ['JWT', { alg: 'EdDSA', typ: 'JWT', kid: 'web-1' }, 'wrong_type'],
    ['a key of its own', { alg: 'EdDSA', typ: 'at+jwt', kid: 'web-1', jwk: {} }, 'malformed'],
    ['a certificate', { alg: 'EdDSA', typ: 'at+jwt', kid: 'web-1', x5c: [] }, 'malformed'],
    ['crit', { alg: 'EdDSA', typ: 'at+jwt', kid: 'web-1', crit: ['b64'], b64: false }, 'malformed'],
    ['no key', { alg: 'EdDSA', typ: 'at+jwt' }, 'malformed'],
    ['the key of another scope', { alg: 'EdDSA', typ: 'at+jwt', kid: 'platform-1' }, 'unknown_key'],
  ])('a header with %s', async (_, header, code) => {
    const [, payload] = (await signAccessToken(token, byMesh())).split('.');
    const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
    const signature = await byMesh().privateKey.sign(Buffer.from(`${protectedHeader}.${payload}`));
    await expect(verdict(`${protectedHeader}.${payload}.${signature.toString('base64url')}`)).rejects.toEqual(
      refused(code),
    );
  });
});

test('strictly before its end, and by a key that verifies', async () => {
  const text = await signAccessToken(token, byMesh());
  const at = (seconds: number): Date => new Date((SECOND + seconds) * 1_000);
  await expect(verdict(text)).resolves.toEqual({ keyId: 'web-1', token });
  await expect(verdict(text, at(59.999))).resolves.toBeDefined();
  await expect(verdict(text, at(60))).rejects.toEqual(refused('token_expired'));
  // By a clock that is behind the one that it was made by.
  await expect(verdict(text, at(-30))).resolves.toBeDefined();
  const until = (seconds: number) => [{ ...trusted(MESH_ALGORITHM)[0]!, notAfter: at(seconds) }];
  await expect(verifyAccessToken(text, until(1), { issuer, now })).resolves.toBeDefined();
  await expect(verifyAccessToken(text, until(0), { issuer, now })).rejects.toEqual(refused('unknown_key'));
});

test('another issuer’s is nothing here, if it had our key', async () => {
  const text = await signAccessToken({ ...token, iss: 'https://auth.example.com' }, byMesh());
  await expect(verdict(text)).rejects.toEqual(refused('wrong_scope'));
});

test.each(NAMES)('any JOSE library takes one by a key of %s, as RFC 9068 has it', async (name) => {
  const text = await signAccessToken(token, keyOf(name));
  const { alg } = ALGORITHMS[name];
  const jwk = await importJWK({ ...trusted(name)[0]!.publicKey.jwk, alg });
  const asked = { issuer, audience: 'orders', typ: 'at+jwt', algorithms: [alg], currentDate: now };
  const { payload, protectedHeader } = await jwtVerify(text, jwk, asked);
  expect([payload, protectedHeader]).toEqual([token, { alg, typ: 'at+jwt', kid: 'web-1' }]);
  await expect(verifyAccessToken(text, trusted(name), { issuer, now })).resolves.toEqual({ keyId: 'web-1', token });
});

test('without a scope there is no such claim', async () => {
  const { token: read } = await verdict(await signAccessToken(bare, byMesh()));
  expect(read).toEqual(bare);
});

test.each(NAMES)('how long one may become is said before it is made, whichever key signs it: %s', async (name) => {
  const { iss, sub, aud, client_id } = token;
  const claims = { iss, sub, aud, client_id, scope: 'orders:read orders:write' };
  const atWorst = { ...claims, exp: 9_999_999_999, iat: 9_999_999_998, jti: 'j'.repeat(100) };
  const text = await signAccessToken(atWorst, { ...keyOf(name), keyId: 'k'.repeat(128) });
  const ofItsSignature = text.length - text.lastIndexOf('.') - 1;
  // By RSA of 4,096 bits that one has 512 bytes.
  expect(longestToken(claims)).toBe(text.length - ofItsSignature + Buffer.alloc(512).toString('base64url').length);
});
