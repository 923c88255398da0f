// Tokens of another service by a key of its, as whoever moves here goes on being shown them.
import { SignJWT, importPKCS8, type CryptoKey as JoseKey } from 'jose';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, type AlgorithmName, type PrivateKey } from '../algorithms';
import type { ForeignKey } from '../ring-view';
import { signAccessToken, verifyAccessToken, type AccessToken } from './access-token';
import { jwks } from './jwks';

const issuer = 'https://auth.example.com';
const now = new Date('2031-05-01T12:00:00Z');
const SECOND = now.getTime() / 1_000;
const KID = 'https://old.example.com/keys#1 (2029)';
const NAMES = PUBLIC_ALGORITHM_NAMES;

const keys = new Map<AlgorithmName, PrivateKey>();
beforeAll(async () => {
  for (const name of NAMES) keys.set(name, await ALGORITHMS[name].generate());
}, 60_000);

const own = () => ({ keyId: 'web-1', publicKey: keys.get('Ed25519')!.publicKey! });
const foreign = (name: AlgorithmName, named: ForeignKey = { kid: KID }) => ({
  ...{ keyId: `foreign-${name}`, publicKey: keys.get(name)!.publicKey!, foreign: named },
});
const joseKey = (name: AlgorithmName): Promise<JoseKey> =>
  importPKCS8(
    `-----BEGIN PRIVATE KEY-----\n${keys.get(name)!.secret().toString('base64')}\n-----END PRIVATE KEY-----`,
    ALGORITHMS[name].alg,
  );
const CLAIMS = { sub: 'ä user', azp: 'app', aud: 'api', groups: ['a'], iat: SECOND - 5, exp: SECOND + 60.5 };
const signed = async (name: AlgorithmName, header: object = { kid: KID, typ: 'JWT' }, claims: object = {}) =>
  new SignJWT({ iss: issuer, ...CLAIMS, ...claims })
    .setProtectedHeader({ alg: ALGORITHMS[name].alg, ...header })
    .sign(await joseKey(name));

const verdict = (text: string, held: Parameters<typeof verifyAccessToken>[1], at = now) =>
  verifyAccessToken(text, held, { issuer, now: at });
const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });

test.each(NAMES)('one by a key of %s holds by what its tokens call it, beside ours', async (name) => {
  const held = [own(), foreign(name)];
  const told = { iss: issuer, sub: 'ä user', aud: 'api', iat: SECOND - 5, exp: SECOND + 60.5 };
  for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined]) {
    const text = await signed(name, { kid: KID, ...(typ !== undefined && { typ }), x5t: 'abc' });
    await expect(verdict(text, held)).resolves.toEqual({ keyId: `foreign-${name}`, token: told });
  }
});

test.each(NAMES)('one that names no key holds by %s where that stands for those', async (name) => {
  const text = await signed(name, { typ: 'JWT' });
  await expect(verdict(text, [own(), foreign(name, { kid: null })])).resolves.toMatchObject({
    keyId: `foreign-${name}`,
  });
  await expect(verdict(text, [own(), foreign(name)])).rejects.toEqual(refused('wrong_type'));
});

describe('what is refused', () => {
  test.each<[string, object, object, string]>([
    ['a name that nobody has', { kid: 'other', typ: 'at+jwt' }, {}, 'malformed'],
    ['the name that it has here', { kid: 'foreign-ES256', typ: 'at+jwt' }, {}, 'unknown_key'],
    ['a name of ours', { kid: 'web-1', typ: 'at+jwt' }, {}, 'wrong_type'],
    ['another type', { kid: KID, typ: 'plexsphere-statement+jws' }, {}, 'wrong_type'],
    ['a type that is no text', { kid: KID, typ: 7 }, {}, 'wrong_type'],
    ['another issuer', {}, { iss: 'https://other.example.com' }, 'wrong_scope'],
    ['no issuer', {}, { iss: undefined }, 'wrong_scope'],
    ['no end', {}, { exp: undefined }, 'malformed'],
    ['an end that is text', {}, { exp: String(SECOND + 60) }, 'malformed'],
    ['one whose time is over', {}, { exp: SECOND }, 'token_expired'],
    ['one whose time has not come', {}, { nbf: SECOND + 1 }, 'token_expired'],
    ['a beginning that is text', {}, { nbf: '0' }, 'malformed'],
  ])('%s', async (_, header, claims, code) => {
    const held = [own(), foreign('ES256')];
    const payload = { iss: issuer, ...CLAIMS, ...claims };
    const encoded = [{ alg: 'ES256', kid: KID, typ: 'JWT', ...header }, payload].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = await keys.get('ES256')!.sign(Buffer.from(encoded.join('.')));
    const end = verdict([...encoded, signature.toString('base64url')].join('.'), held);
    // Of a header that is none of ours nothing more is said.
    await expect(end).rejects.toEqual(code === 'malformed' ? refusedAs(['malformed', 'unknown_key']) : refused(code));
  });

  test('a header that has to be understood, another algorithm, another signature, a key that verifies no more', async () => {
    const held = [own(), foreign('RS256')];
    const text = await signed('RS256');
    const [header, payload, signature] = text.split('.');
    const headed = (more: object) =>
      [Buffer.from(JSON.stringify({ alg: 'RS256', kid: KID, ...more })).toString('base64url'), payload, signature].join(
        '.',
      );
    await expect(verdict(headed({ crit: ['exp'], exp: 1 }), held)).rejects.toEqual(refused('malformed'));
    await expect(verdict(headed({ b64: false }), held)).rejects.toEqual(refused('malformed'));
    for (const alg of ['none', 'HS256', 'PS256']) {
      await expect(verdict(headed({ alg }), held)).rejects.toEqual(refused('wrong_type'));
    }
    await expect(verdict(headed({}), held)).rejects.toEqual(refused('signature_invalid'));
    await expect(verdict(`${header}.${payload}`, held)).rejects.toEqual(refused('malformed'));
    await expect(verdict(`${text}.x`, held)).rejects.toEqual(refused('malformed'));
    await expect(verdict(text, [own(), { ...foreign('RS256'), notAfter: now }])).rejects.toEqual(
      refused('unknown_key'),
    );
  });

  test('what the foreign key signs under our type and a name of ours, and what ours signs under its', async () => {
    const token: AccessToken = {
      ...{ iss: issuer, sub: 'billing', aud: 'api', client_id: 'billing', exp: SECOND + 60, iat: SECOND },
      jti: '0b6d0e1a-6f0d-4f4c-9a39-52c6b6a2c9fb',
    };
    const ours = await signAccessToken(token, { keyId: 'web-1', privateKey: keys.get('Ed25519')! });
    await expect(verdict(ours, [own(), foreign('ES256')])).resolves.toEqual({ keyId: 'web-1', token });
    // Whoever is foreign has no right to a name of ours.
    await expect(verdict(ours, [{ ...own(), foreign: { kid: 'old' } }])).rejects.toEqual(refused('unknown_key'));
  });
});

const refusedAs = (codes: string[]): unknown =>
  expect.objectContaining({ name: 'JwsError', code: expect.stringMatching(new RegExp(`^(${codes.join('|')})$`)) });

test('a key set calls it what its tokens do; where they name none it has a name all the same', () => {
  const view = (named: ForeignKey | null) => ({
    ...({ key_id: 'foreign-1', state: 'retiring', algorithm: 'ES256', verifies_until: null } as const),
    ...{ public_key: keys.get('ES256')!.publicKey!.text, foreign: named },
  });
  const kidOf = (named: ForeignKey | null) => jwks([view(named)]).keys[0]?.kid;
  expect([kidOf({ kid: KID }), kidOf({ kid: null }), kidOf(null)]).toEqual([KID, 'foreign-1', 'foreign-1']);
});
