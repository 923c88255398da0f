import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateKey } from 'node:crypto';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, type AlgorithmName } from '@plexsphere/wire';
import { readClientKeys } from './client-keys';

const folder = mkdtempSync(join(tmpdir(), 'client-keys-'));
const fileOf = (content: unknown): string => {
  const path = join(folder, 'jwks.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const NAMES = PUBLIC_ALGORITHM_NAMES;
const made = async (name: AlgorithmName) => {
  const key = await ALGORITHMS[name].generate();
  return {
    text: key.publicKey!.text,
    jwk: { ...key.publicKey!.jwk, alg: ALGORITHMS[name].alg, kid: name } as Record<string, string>,
    key,
  };
};

test('a key of each algorithm is read as it crosses the wire', async () => {
  const all = await Promise.all(NAMES.map(made));
  const path = fileOf({ keys: all.map(({ jwk }) => ({ ...jwk, use: 'sig', x5t: 'whatever' })) });
  expect(readClientKeys(path)).toEqual(
    all.map(({ text }, index) => ({ key_id: NAMES[index], algorithm: NAMES[index], public_key: text })),
  );
});

test('without an alg the type says it, but of RSA, which is for two', async () => {
  for (const name of NAMES) {
    const { alg, ...jwk } = (await made(name)).jwk;
    expect(alg).toBe(ALGORITHMS[name].alg);
    if (jwk['kty'] === 'RSA') expect(() => readClientKeys(fileOf({ keys: [jwk] }))).toThrow('key 1 is none of');
    else expect(readClientKeys(fileOf({ keys: [jwk] }))).toMatchObject([{ algorithm: name }]);
  }
});

describe('what is no set of public keys is refused', () => {
  let jwk: Record<string, unknown>;
  let secret: Record<string, unknown>;
  beforeAll(async () => {
    const { jwk: half, key } = await made('ES256');
    jwk = half;
    const loaded = createPrivateKey({ key: key.secret(), format: 'der', type: 'pkcs8' });
    // eslint-disable-next-line no-restricted-syntax -- loaded from DER
    secret = { ...loaded.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' };
  });

  test.each<[string, () => unknown, string]>([
    ['no JSON', () => '{"keys": [', 'is not JSON'],
    ['a list', () => [jwk], 'is not a JSON object'],
    ['no keys', () => ({}), 'holds no set of 1 to 10 keys'],
    ['an empty set', () => ({ keys: [] }), 'holds no set of 1 to 10 keys'],
    ['eleven', () => ({ keys: Array.from({ length: 11 }, (_, i) => ({ ...jwk, kid: `k${i}` })) }), 'holds no set'],
    ['two of one kid', () => ({ keys: [jwk, jwk] }), 'has two keys of one kid'],
    ['no kid', () => ({ keys: [{ ...jwk, kid: undefined }] }), 'key 1 has no kid'],
    ['a private half', () => ({ keys: [jwk, secret] }), 'key 2 is a private key'],
    ['a shared secret', () => ({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'k' }] }), 'key 1 is a private key'],
    ['another curve', () => ({ keys: [{ ...jwk, crv: 'P-384' }] }), 'key 1 is none of'],
    ['a point that is on no curve', () => ({ keys: [{ ...jwk, y: jwk['x'] }] }), 'key 1 is none of'],
    ['another alg than its type has', () => ({ keys: [{ ...jwk, alg: 'RS256' }] }), 'key 1 is none of'],
    ['none', () => ({ keys: [{ ...jwk, alg: 'none' }] }), 'key 1 is none of'],
    ['a number', () => ({ keys: [7] }), 'key 1 has no kid'],
    ['too much', () => ' '.repeat(65_537), 'is larger than 65536 bytes'],
  ])('%s', (_, content, message) => {
    expect(() => readClientKeys(fileOf(content()))).toThrow(message);
  });
});
