import { exportJWK } from 'jose';
import { testKey, type TestKey } from '../testing/test-key';
import { MAX_KEYS, readKeySet } from './key-set';

let key: TestKey;
let rsa: TestKey;
beforeAll(async () => {
  key = await testKey('k1');
  rsa = await testKey('r1', 'RS256');
});

const algorithmsOf = async (...keys: unknown[]) => (await readKeySet(JSON.stringify({ keys })))?.algorithms;

it('takes each algorithm that an issuer can have, once', async () => {
  const [second, edwards, pss] = await Promise.all([testKey('k2'), testKey('e', 'EdDSA'), testKey('p', 'PS256')]);
  const keys = [key, second, edwards, rsa, pss];
  expect(await algorithmsOf(...keys.map(({ jwk }) => jwk))).toEqual(['ES256', 'EdDSA', 'RS256', 'PS256']);
});

it('finds a key by its id, and no other', async () => {
  const set = await readKeySet(JSON.stringify({ keys: [key.jwk, rsa.jwk] }));
  const found = (header: object) => set!.keyOf(header as never, {} as never) as Promise<unknown>;
  await expect(found({ alg: 'ES256', kid: 'k1' })).resolves.toMatchObject({ type: 'public' });
  for (const header of [
    { alg: 'ES256', kid: 'k2' },
    { alg: 'RS256', kid: 'k1' },
    { alg: 'ES256', kid: 1 },
  ])
    await expect(found(header)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

it.each<[what: string, change: (jwk: Record<string, unknown>) => Promise<object> | object]>([
  ['names no algorithm', ({ alg: _, ...jwk }) => jwk],
  ['names another curve’s algorithm', (jwk) => ({ ...jwk, alg: 'ES384' })],
  ['names another type’s algorithm', (jwk) => ({ ...jwk, alg: 'RS256' })],
  ['names a secret’s algorithm', (jwk) => ({ ...jwk, alg: 'HS256' })],
  ['names no algorithm, and says so', (jwk) => ({ ...jwk, alg: 'none' })],
  ['names a member of every object', (jwk) => ({ ...jwk, alg: 'constructor' })],
  ['is for encryption', (jwk) => ({ ...jwk, use: 'enc' })],
  ['may only sign', (jwk) => ({ ...jwk, key_ops: ['sign'] })],
  ['has a number for an id', (jwk) => ({ ...jwk, kid: 1 })],
  ['has no point on its curve', (jwk) => ({ ...jwk, y: jwk['x'] })],
  ['has half a point', ({ y: _, ...jwk }) => jwk],
  ['shows its private half', async () => ({ ...(await exportJWK(key.privateKey)), kid: 'k1', alg: 'ES256' })],
  ['is a secret', () => ({ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256', kid: 'k1' })],
  ['is a secret with the name of public keys', () => ({ kty: 'oct', k: 'c2VjcmV0', alg: 'ES256', kid: 'k1' })],
  ['is RSA of 1024 bits', async () => (await testKey('k1', 'RS256', 1_024)).jwk],
  ['is RSA of 16384 bits', () => ({ ...rsa.jwk, n: `${'w'.repeat(2_731)}` })],
  ['is null', () => null as never],
  ['is a text', () => 'k1' as never],
])('passes over a key that %s, and takes the others', async (_, change) => {
  expect(await algorithmsOf(await change(key.jwk as never))).toEqual([]);
  expect(await algorithmsOf(await change(key.jwk as never), rsa.jwk)).toEqual(['RS256']);
});

it('takes an issuer at its word that vouches for no key', async () => expect(await algorithmsOf()).toEqual([]));

it.each([
  ['no JSON', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['a text', '"keys"'],
  ['a list', '[]'],
  ['no keys', '{}'],
  ['keys that are no list', '{"keys":{}}'],
  ['an error', '{"error":"temporarily_unavailable"}'],
  ['the deepest list', '['.repeat(200_000)],
])('refuses %s', async (_, text) => expect(await readKeySet(text)).toBeUndefined());

it('refuses more keys than anybody has', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => ({ ...key.jwk, kid: `made-up-${n}` }));
  expect(await algorithmsOf(...many(MAX_KEYS))).toEqual(['ES256']);
  expect(await algorithmsOf(...many(MAX_KEYS + 1))).toBeUndefined();
});
