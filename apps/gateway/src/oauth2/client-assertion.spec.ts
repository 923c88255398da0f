// Assertions as clients make them with a library, and as those who have no key try them.
import { createPublicKey } from 'node:crypto';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES } from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import { SignJWT, UnsecuredJWT, importPKCS8, type JWTPayload } from 'jose';
import { pairOf, type Pair } from '../../testing/client-pair';
import { goodAssertion, subjectOf } from './client-assertion';

const ISSUER = 'https://id.example.com';
const NOW = new Date('2026-11-22T06:00:00Z');
const at = (seconds: number): number => NOW.getTime() / 1_000 + seconds;

const claims = (more: JWTPayload = {}): JWTPayload => ({
  ...{ iss: 'jobs', sub: 'jobs', aud: ISSUER, exp: at(60), iat: at(0), jti: 'j1' },
  ...more,
});

let own: Pair;
let other: Pair;
beforeAll(async () => {
  [own, other] = await Promise.all([pairOf('ES256', 'c1'), pairOf('ES256', 'c2')]);
});

const judged = (assertion: string, keys: readonly ClientKey[] = [own.key]) =>
  goodAssertion(assertion, { clientId: 'jobs', keys }, ISSUER, NOW);
const without = (name: string): JWTPayload =>
  Object.fromEntries(Object.entries(claims()).filter(([claim]) => claim !== name));

test.each(PUBLIC_ALGORITHM_NAMES)('of %s one is good, for as long as it lasts', async (name) => {
  const pair = await pairOf(name, 'c');
  expect(await judged(await pair.sign(claims()), [own.key, pair.key])).toEqual({
    jti: 'j1',
    expiresAt: new Date((at(60) + 30) * 1_000),
  });
});

test('whom it speaks for is read before it is believed, and of no JWT nobody', async () => {
  expect(subjectOf(await other.sign(claims()))).toBe('jobs');
  for (const text of ['', 'a', 'a.b.c', `${'a'.repeat(9_000)}.b.c`]) expect(subjectOf(text)).toBeUndefined();
});

test.each([[{ toString: 1 }], [['jobs']], [1], [null], [{}]])('nobody is called %j', async (sub) => {
  expect(subjectOf(await own.sign(claims({ sub: sub as never })))).toBeUndefined();
});

test('without a kid the only key counts, and among two none', async () => {
  const assertion = await own.sign(claims(), { kid: undefined });
  expect(await judged(assertion)).toBeDefined();
  expect(await judged(assertion, [own.key, other.key])).toBeUndefined();
});

test.each<[string, () => Promise<string> | string]>([
  ['by the key of another', () => other.sign(claims(), { kid: 'c1' })],
  ['by a kid that it has not', () => own.sign(claims(), { kid: 'c9' })],
  ['by a kid of 10 KB', () => own.sign(claims(), { kid: 'k'.repeat(10_000) })],
  ['of another issuer', () => own.sign(claims({ iss: 'billing' }))],
  ['for another subject', () => own.sign(claims({ sub: 'billing' }))],
  ['for another audience', () => own.sign(claims({ aud: `${ISSUER}/oauth2/token` }))],
  ['for several audiences', () => own.sign(claims({ aud: [ISSUER, 'https://other.example.com'] }))],
  ['for one audience in a list', () => own.sign(claims({ aud: [ISSUER] }))],
  ['without an audience', () => own.sign(without('aud'))],
  ['without an end', () => own.sign(without('exp'))],
  ['without an id', () => own.sign(without('jti'))],
  ['with an empty id', () => own.sign(claims({ jti: '' }))],
  ['with an id of 300 characters', () => own.sign(claims({ jti: 'j'.repeat(300) }))],
  ['with an id that no database keeps', () => own.sign(claims({ jti: 'j\0' }))],
  ['that is over', () => own.sign(claims({ exp: at(-31) }))],
  ['that lasts for an hour', () => own.sign(claims({ exp: at(3_600) }))],
  ['that begins later', () => own.sign(claims({ nbf: at(120) }))],
  ['whose end is a text', () => own.sign(claims({ exp: String(at(60)) as unknown as number }))],
  ['that brings its key', async () => own.sign(claims(), { jwk: { kty: 'EC' } })],
  ['that brings a certificate', () => own.sign(claims(), { x5c: ['MIIB'] })],
  ['that names where its key is', () => own.sign(claims(), { jku: 'https://evil.example.com/jwks' })],
  ['that is not signed', () => new UnsecuredJWT(claims()).encode()],
  ['that is too long', () => own.sign(claims({ more: 'x'.repeat(9_000) }))],
  ['that is none', () => 'a.b.c'],
])('one %s is refused', async (_, make) => {
  expect(await judged(await make())).toBeUndefined();
});

test('a critical extension that nobody here knows is refused', async () => {
  const [, payload, signature] = (await own.sign(claims())).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'c1', crit: ['b64'], b64: true })).toString(
    'base64url',
  );
  expect(await judged([header, payload, signature].join('.'))).toBeUndefined();
});

test('HS256 by the public key is refused', async () => {
  const spki = createPublicKey({ key: Buffer.from(own.key.public_key, 'base64'), format: 'der', type: 'spki' });
  for (const secret of [
    Buffer.from(own.key.public_key),
    spki.export({ format: 'pem', type: 'spki' }),
    spki.export({ format: 'der', type: 'spki' }),
  ]) {
    const assertion = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'c1' })
      .sign(new Uint8Array(Buffer.from(secret)));
    expect(await judged(assertion)).toBeUndefined();
  }
});

test('where there is no key to try it takes as long, whichever algorithm it names', async () => {
  const pairs = await Promise.all(PUBLIC_ALGORITHM_NAMES.map((name) => pairOf(name, 'c')));
  const verified = jest.spyOn(crypto.subtle, 'verify');
  const tries = async (sign: Pair['sign'], keys: readonly ClientKey[]): Promise<number> => {
    verified.mockClear();
    expect(await judged(await sign(claims()), keys)).toBeUndefined();
    return verified.mock.calls.length;
  };
  for (const { sign } of pairs) {
    // Nobody; one without this key; one whose key is another.
    for (const keys of [[], [own.key], [{ ...other.key, key_id: 'c' }]]) expect(await tries(sign, keys)).toBe(1);
  }
  verified.mockRestore();
});

test('RS256 and PS256 by one key are two algorithms', async () => {
  const rsa = await ALGORITHMS.RS256.generate();
  const pem = `-----BEGIN PRIVATE KEY-----\n${rsa.secret().toString('base64')}\n-----END PRIVATE KEY-----`;
  const key: ClientKey = { key_id: 'r', algorithm: 'RS256', public_key: rsa.publicKey!.text };
  const signed = async (alg: string) =>
    new SignJWT(claims()).setProtectedHeader({ alg, kid: 'r' }).sign(await importPKCS8(pem, alg));
  expect(await judged(await signed('RS256'), [key])).toBeDefined();
  expect(await judged(await signed('PS256'), [key])).toBeUndefined();
});
