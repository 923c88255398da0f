import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JwtGuard, type TokenRefused } from '@plexsphere/jwt-guard';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, type AlgorithmName, type KeyView } from '@plexsphere/wire';
import { jwks, MAX_TOKEN_LENGTH, signAccessToken, type AccessToken, type SigningKey } from '@plexsphere/wire/jws';

/** Two who know nothing of each other, the contract and the guard: what the one makes, the other takes. No stack is needed. */

let keys: KeyView[] = [];
const server = createServer((_, response) => response.end(JSON.stringify(jwks(keys))));
const started: JwtGuard[] = [];
let issuer: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const guard of started) guard.stop();
  await new Promise((resolve) => server.close(resolve));
});

async function newKey(keyId: string, algorithm: AlgorithmName): Promise<SigningKey & { view: KeyView }> {
  const privateKey = await ALGORITHMS[algorithm].generate();
  const public_key = privateKey.publicKey!.text;
  return {
    keyId,
    privateKey,
    view: { key_id: keyId, state: 'active', algorithm, public_key, verifies_until: null },
  };
}

function startGuard(): JwtGuard {
  const guard = JwtGuard.start({ issuer, audience: 'orders' });
  started.push(guard);
  return guard;
}

const nowSeconds = Math.floor(Date.now() / 1_000);
const tokenOf = (changes: Partial<AccessToken> = {}): AccessToken => ({
  iss: issuer,
  sub: 'billing',
  aud: ['stock', 'orders'],
  client_id: 'billing',
  exp: nowSeconds + 300,
  iat: nowSeconds,
  jti: '0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11',
  scope: 'orders:read orders:write',
  ...changes,
});

it.each(PUBLIC_ALGORITHM_NAMES)('a token by a key of %s, among keys of all', async (algorithm) => {
  const all = await Promise.all(PUBLIC_ALGORITHM_NAMES.map((name) => newKey(`of-${name}`, name)));
  keys = all.map(({ view }) => view);
  const signing = all.find(({ view }) => view.algorithm === algorithm)!;
  const token = await startGuard().verify(await signAccessToken(tokenOf(), signing), { scope: 'orders:write' });
  expect([token.claims, token.header.kid]).toEqual([tokenOf(), `of-${algorithm}`]);
});

it('the longest token that is made', async () => {
  const key = await newKey('k1', 'ES256');
  keys = [key.view];
  const guard = startGuard();
  const sized = (length: number) => signAccessToken(tokenOf({ scope: 'a'.repeat(128) + ' a'.repeat(length) }), key);
  // Two more characters of a scope are two or three of a token.
  let length = 2_900;
  while ((await sized(length).catch(() => '')) === '') length -= 1;
  const longest = await sized(length);
  expect(MAX_TOKEN_LENGTH - longest.length).toBeLessThan(3);
  expect((await guard.verify(longest)).scopes).toHaveLength(length + 1);
});

it('and no token of another audience, or that has passed', async () => {
  const key = await newKey('k1', 'ES256');
  keys = [key.view];
  const guard = startGuard();
  const reasonOf = async (changes: Partial<AccessToken>) =>
    guard.verify(await signAccessToken(tokenOf(changes), key)).catch(({ reason }: TokenRefused) => reason);
  expect(await reasonOf({ aud: 'stock' })).toBe('wrong_audience');
  expect(await reasonOf({ iat: nowSeconds - 100, exp: nowSeconds - 50 })).toBe('expired');
});
