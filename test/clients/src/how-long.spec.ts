import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { createVerifier } from 'fast-jwt';
import buildGetJwks from 'get-jwks';
import jwksClient from 'jwks-rsa';
import { ALGORITHMS, KeyServer, signingKey, type SigningKey } from '../testing/key-server';
import { CLIENTS, isOver, isTimeOut, type Verify } from '.';

/** Each library with the times that it comes with, and a clock that is put forward. What is said here docs/jwks.md says. */

const AUDIENCE = 'orders';
const A_MOMENT_MS = 5_000;

let server: KeyServer;
let [old, fresh]: SigningKey[] = [];
let passedMs = 0;

beforeAll(async () => {
  server = await KeyServer.start();
  [old, fresh] = [await signingKey('old'), await signingKey('fresh')];
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    jest.spyOn(clock, 'now').mockImplementation(() => now() + passedMs);
  }
});
afterAll(async () => {
  jest.restoreAllMocks();
  await server.close();
});

const pass = (ms: number): void => void (passedMs += ms);
const trust = () => ({ issuer: server.url, audience: AUDIENCE, base: server.url });

async function accepts(verify: Verify, key: SigningKey): Promise<boolean> {
  const token = await server.token(key, AUDIENCE);
  return verify(token).then(
    () => true,
    () => false,
  );
}

describe.each(CLIENTS.map((client) => [client.name, client] as const))('%s', (_, client) => {
  let verify: Verify;
  beforeEach(async () => {
    server.publish(old!);
    verify = client.start(trust());
    expect(await accepts(verify, old!)).toBe(true);
  });

  it(`refuses a key that was published after it asked for ${client.refusesMs / 1_000} s`, async () => {
    server.publish(old!, fresh!);
    if (client.refusesMs > 0) {
      pass(client.refusesMs - A_MOMENT_MS);
      expect(await accepts(verify, fresh!)).toBe(false);
      pass(2 * A_MOMENT_MS);
    }
    expect(await accepts(verify, fresh!)).toBe(true);
  });

  it('knows a key that was published before it last asked', async () => {
    server.publish(old!, fresh!);
    // When it asks again of itself, whoever published the key has let that time pass.
    pass(600_000 + A_MOMENT_MS);
    expect(await accepts(verify, old!)).toBe(true);
    expect(await accepts(verify, fresh!)).toBe(true);
  });

  if (client.keepsMs < Infinity)
    it(`keeps a key that is published no more for ${client.keepsMs / 1_000} s, whatever Cache-Control says`, async () => {
      server.publish(fresh!);
      pass(client.keepsMs - A_MOMENT_MS);
      expect(await accepts(verify, old!)).toBe(true);
      pass(2 * A_MOMENT_MS);
      expect(await accepts(verify, old!)).toBe(false);
    });
});

it('fast-jwt with get-jwks keeps a key for ever while tokens by it keep coming, and some time after', async () => {
  const client = CLIENTS.find(({ keepsMs }) => keepsMs === Infinity)!;
  server.publish(old!);
  const verify = client.start(trust());
  expect(await accepts(verify, old!)).toBe(true);
  server.publish(fresh!);
  // Nobody had a token by it meanwhile.
  pass(86_400_000);
  for (let hours = 0; hours < 1; hours += 55 / 3_600) {
    expect(await accepts(verify, old!)).toBe(true);
    pass(60_000 - A_MOMENT_MS);
  }
  pass(60_000);
  expect(await accepts(verify, old!)).toBe(false);
});

it.each(ALGORITHMS)('all take tokens by %s', async (alg) => {
  const key = await signingKey('one', alg);
  server.publish(key);
  const accepted = await Promise.all(
    CLIENTS.map(async (client) => [client.name, await accepts(client.start(trust()), key)]),
  );
  expect(accepted).toEqual(CLIENTS.map(({ name }) => [name, true]));
});

it.each(CLIENTS)('$name says what is over, and nothing else so', async (client) => {
  passedMs = 0;
  const other = await signingKey('old');
  server.publish(old!);
  const verify = client.start(trust());
  const verdict = async (key: SigningKey, ends: string) => {
    const error: unknown = await verify(await server.token(key, AUDIENCE, ends)).catch((refused: unknown) => refused);
    return [isOver(error), isTimeOut(error)];
  };
  expect(await verdict(old!, '-5m')).toEqual([true, false]);
  expect(await verdict(other, '1h')).toEqual([false, false]);
  expect(await verdict(fresh!, '1h')).toEqual([false, false]);
});

it('no answer in time is no verdict, also where Node itself says so: its errors are of another realm than ours', () => {
  const timeOut = new DOMException('no answer', 'TimeoutError');
  expect([isTimeOut(timeOut), isTimeOut(new Error('no keys', { cause: timeOut }))]).toEqual([true, true]);
});

it('fast-jwt with a cache of its own takes a token that it has verified for 600 s, whatever became of its key', async () => {
  server.publish(old!);
  const token = await server.token(old!, AUDIENCE);
  const wanted = { domain: server.url, alg: old!.jwk.alg, kid: old!.jwk.kid };
  const verify = createVerifier({ key: () => buildGetJwks().getPublicKey(wanted), cache: true });
  await verify(token);
  server.publish(fresh!);
  pass(600_000 - A_MOMENT_MS);
  await verify(token);
  pass(2 * A_MOMENT_MS);
  await expect(verify(token)).rejects.toMatchObject({ code: 'FAST_JWT_KEY_FETCHING_ERROR' });
});

it('jwks-rsa with a rate limit refuses a true key after ten that are made up', async () => {
  server.publish(old!, fresh!);
  const client = jwksClient({ jwksUri: `${server.url}/.well-known/jwks.json`, rateLimit: true });
  for (let n = 0; n < 10; n += 1)
    await expect(client.getSigningKey(`made-up-${n}`)).rejects.toMatchObject({ name: 'SigningKeyNotFoundError' });
  const asked = server.asked;
  await expect(client.getSigningKey('old')).rejects.toMatchObject({ name: 'JwksRateLimitError' });
  expect(server.asked).toBe(asked);
});

it('get-jwks makes no PEM of a key of EdDSA', async () => {
  const { jwk } = await signingKey('one', 'EdDSA');
  server.publish({ jwk } as SigningKey);
  const wanted = { domain: server.url, alg: jwk.alg, kid: jwk.kid };
  await expect(buildGetJwks().getPublicKey(wanted)).rejects.toThrow('Unsupported key type');
});

it.each(CLIENTS)('docs/jwks.md says so of $name', ({ name, refusesMs, keepsMs }) => {
  const lines = readFileSync(join(repositoryRoot, 'docs/jwks.md'), 'utf8').split('\n');
  const [, library, refuses, keeps] =
    lines.find((line) => line.startsWith(`| \`${name.split(' ')[0]}\``))?.split('|') ?? [];
  expect(library).toContain(name.split(' ').at(-1));
  expect(refuses?.trim()).toBe(`${refusesMs / 1_000} s`);
  expect(keeps).toContain(keepsMs === Infinity ? '**no end**' : ` ${keepsMs / 60_000} min `);
});
