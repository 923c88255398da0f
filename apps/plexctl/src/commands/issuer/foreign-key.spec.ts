import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rsaPublicKey } from '@plexsphere/testkit';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, publicKeyFromText, type AlgorithmName } from '@plexsphere/wire';
import { readForeignKey } from './foreign-key';

const KID = 'https://old.example.com/keys#1 (2029)';
const SECRET = 'c2VjcmV0';
const folder = mkdtempSync(join(tmpdir(), 'plexctl-'));
afterAll(() => rmSync(folder, { recursive: true }));

const keys = new Map<AlgorithmName, Record<string, string>>();
const rsaOf = (bits: number): Record<string, unknown> =>
  bits === 1_024 ? { kty: 'RSA', n: 'vA'.repeat(86), e: 'AQAB' } : publicKeyFromText(rsaPublicKey(4_096), 'RS256').jwk;
beforeAll(async () => {
  for (const name of PUBLIC_ALGORITHM_NAMES) {
    keys.set(name, (await ALGORITHMS[name].generate()).publicKey!.jwk);
  }
}, 60_000);

function read(jwk: unknown, namesNone = false) {
  const path = join(folder, 'key.jwk');
  writeFileSync(path, typeof jwk === 'string' ? jwk : JSON.stringify(jwk));
  return readForeignKey(path, { namesNone });
}
const jwkOf = (name: AlgorithmName, more: object = {}) => ({
  ...{ ...keys.get(name), kid: KID, alg: ALGORITHMS[name].alg },
  ...more,
});
const refusal = (jwk: unknown): { detail: string; members: Record<string, unknown> } => {
  try {
    read(jwk);
  } catch (error) {
    return error as { detail: string; members: Record<string, unknown> };
  }
  throw new Error('was not refused');
};

it.each(['Ed25519', 'ES256', 'RS256', 'PS256'] as const)('reads a public key of %s under its own name', (name) => {
  const more = { use: 'sig', key_ops: ['verify'], x5t: 'abc', x5c: ['AAAA'] };
  const read1 = read(jwkOf(name, more));
  expect(read1).toEqual({ algorithm: name, public_key: expect.any(String), jwk_kid: KID });
  expect(publicKeyFromText(read1.public_key, name).jwk).toEqual(keys.get(name));
  // Whatever it is called: its tokens say nothing of it.
  expect(read(jwkOf(name), true)).not.toHaveProperty('jwk_kid');
});

it('finds the algorithm by the type, where that has one alone', () => {
  expect(read(jwkOf('ES256', { alg: undefined })).algorithm).toBe('ES256');
  expect(read(jwkOf('Ed25519', { alg: undefined })).algorithm).toBe('Ed25519');
});

it.each<[string, () => unknown, string]>([
  ['a private half', () => jwkOf('ES256', { d: SECRET }), 'jwk.d'],
  ['a part of one', () => jwkOf('RS256', { qi: SECRET }), 'jwk.qi'],
  ['a shared secret', () => ({ kty: 'oct', k: SECRET, kid: KID }), 'jwk.kty'],
  ['a secret beside a key', () => jwkOf('ES256', { k: SECRET }), 'jwk.k'],
  ['a private half of no key that is taken', () => ({ kty: 'EC', crv: 'P-521', d: SECRET }), 'jwk.d'],
  ['a key set', () => ({ keys: [jwkOf('ES256')] }), 'jwk.keys'],
  ['no type', () => jwkOf('ES256', { kty: undefined }), 'jwk.kty'],
  ['a type that is none', () => jwkOf('ES256', { kty: 'AKP' }), 'jwk.kty'],
  ['another curve', () => jwkOf('ES256', { crv: 'P-384', alg: 'ES384' }), 'jwk.crv'],
  ['a curve of another type', () => jwkOf('ES256', { crv: 'Ed25519' }), 'jwk.crv'],
  ['a key of agreement', () => jwkOf('Ed25519', { crv: 'X25519' }), 'jwk.crv'],
  ['a point that is none', () => jwkOf('ES256', { x: SECRET }), 'jwk.x'],
  ['an RSA key that names no algorithm', () => jwkOf('RS256', { alg: undefined }), 'jwk.alg'],
  ['an algorithm that is not taken', () => jwkOf('RS256', { alg: 'RS512' }), 'jwk.alg'],
  ['an algorithm of another type', () => jwkOf('ES256', { alg: 'EdDSA' }), 'jwk.alg'],
  ['none', () => jwkOf('ES256', { alg: 'none' }), 'jwk.alg'],
  ['an RSA key that is too short', () => ({ ...rsaOf(1_024), alg: 'RS256', kid: KID }), 'jwk.n'],
  ['an RSA key of a small exponent', () => jwkOf('RS256', { e: 'Aw' }), 'jwk.e'],
  ['a key to encrypt by', () => jwkOf('RS256', { use: 'enc' }), 'jwk.use'],
  ['a key that may only sign', () => jwkOf('RS256', { key_ops: ['sign'] }), 'jwk.key_ops'],
  ['no kid', () => jwkOf('ES256', { kid: undefined }), 'jwk.kid'],
  ['a kid that is no text', () => jwkOf('ES256', { kid: 7 }), 'jwk.kid'],
  ['a kid that acts on terminals', () => jwkOf('ES256', { kid: 'a\u001b[2J' }), 'jwk.kid'],
  ['a kid that is endless', () => jwkOf('ES256', { kid: 'k'.repeat(513) }), 'jwk.kid'],
  ['no object', () => [jwkOf('ES256')], 'jwk'],
  ['no JSON', () => '-----BEGIN PUBLIC KEY-----', 'jwk'],
  ['a huge file', () => jwkOf('ES256', { x5c: ['A'.repeat(20_000)] }), 'jwk'],
])('refuses %s, naming the member, and tells nobody of a secret', (_, jwk, field) => {
  const { detail, members } = refusal(jwk());
  expect(members).toEqual({ field });
  expect(`${detail} ${JSON.stringify(members)}`).not.toContain(SECRET);
});

it('takes RSA keys of up to 4,096 bits', () => {
  expect(read({ ...rsaOf(4_096), alg: 'PS256', kid: KID }).algorithm).toBe('PS256');
});
