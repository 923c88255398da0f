import { eventually } from '@plexsphere/testkit';
import { TestIssuer } from '../testing/test-issuer';
import { AUDIENCE, ISSUER, testKey, token, type TestKey } from '../testing/test-key';
import { JwtGuard, tokenOf, TokenRefused, type JwtGuardOptions, type VerifyReport } from '.';

/** In real time, shortened: whole lives of keys, over a real network. */
const TIMES = { pollEveryMs: 200, fetchWithinMs: 150, refetchAfterMs: 50 };

let issuer: TestIssuer;
let guard: JwtGuard | undefined;
let reports: VerifyReport[];
let [k1, k2]: TestKey[] = [];

beforeAll(async () => ([k1, k2] = await Promise.all([testKey('k1'), testKey('k2')])));
beforeEach(async () => {
  issuer = await TestIssuer.start(k1!);
  reports = [];
});
afterEach(async () => {
  guard?.stop();
  await issuer.close();
});

function start(changes: Partial<JwtGuardOptions> = {}): JwtGuard {
  guard = JwtGuard.start({
    ...{ issuer: ISSUER, audience: AUDIENCE, jwksUri: issuer.jwksUri, times: TIMES },
    onVerify: (report) => reports.push(report),
    ...changes,
  });
  return guard;
}

const refusal = (text: string): Promise<string> =>
  guard!.verify(text).then(
    () => 'none',
    (error: TokenRefused) => error.reason,
  );

it('lets tokens in from the first moment on', async () => {
  expect(await start().verify(await token(k1!))).toMatchObject({ claims: { sub: 'billing' } });
  await guard!.ready();
  expect(reports).toEqual([{ result: 'accepted' }]);
});

it('knows a staged key before it signs: no token fails at the switch', async () => {
  await start().ready();
  issuer.publish(k1!, k2!);
  await eventually(() => issuer.asked.length >= 3, { describe: 'the next polls' });
  const asked = issuer.asked.length;
  // Whatever it asks from here on comes too late for these.
  issuer.answers = () => undefined;
  const tokens = await Promise.all([token(k2!), token(k1!), token(k2!)]);
  for (const each of tokens) expect(await refusal(each)).toBe('none');
  expect(asked).toBeGreaterThanOrEqual(3);
});

it('asks at once for a key that it has not heard of', async () => {
  await start({ times: { ...TIMES, pollEveryMs: 25_000, refetchAfterMs: 1 } }).ready();
  issuer.publish(k2!, k1!);
  const began = performance.now();
  await eventually(() => performance.now() - began > 2, { describe: 'that it may ask again' });
  expect(await refusal(await token(k2!))).toBe('none');
  expect(issuer.asked).toHaveLength(2);
});

it('asks once in five seconds however many made-up keys it is shown', async () => {
  const began = performance.now();
  await start({ times: {} }).ready();
  const made = await Promise.all(Array.from({ length: 500 }, (_, n) => token(k2!, {}, { kid: `made-up-${n}` })));
  expect(new Set(await Promise.all(made.map(refusal)))).toEqual(new Set(['unknown_key']));
  // One, on a machine that is not busy.
  expect(issuer.asked.length).toBeLessThanOrEqual(1 + (performance.now() - began) / 5_000);
});

it('refuses a key soon after it was thrown out', async () => {
  await start().ready();
  const old = await token(k1!);
  expect(await refusal(old)).toBe('none');
  issuer.publish(k2!);
  await eventually(async () => (await refusal(old)) === 'unknown_key', { describe: 'the refusal' });
  issuer.publish();
  await eventually(async () => (await refusal(await token(k2!))) === 'unknown_key', { describe: 'the other' });
});

it('goes on while the issuer is away', async () => {
  await start().ready();
  const good = await token(k1!);
  await issuer.close();
  expect(await refusal(good)).toBe('none');
  // Whether there is such a key, only the issuer could say.
  await eventually(async () => (await refusal(await token(k2!))) === 'keys_unavailable', { describe: 'its doubt' });
  expect(await refusal(good)).toBe('none');
});

it('lets nobody in when the issuer has been away for too long, and goes on when it is back', async () => {
  await start({ times: { ...TIMES, serveUnconfirmedMs: 500 } }).ready();
  const good = await token(k1!);
  const back = await issuer.goAway();
  await eventually(async () => (await refusal(good)) === 'keys_unavailable', { describe: 'its end' });
  expect(await guard!.verify(good).catch((error: TokenRefused) => error)).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: 'temporarily_unavailable', reason: 'keys_unavailable' },
  });
  await back();
  await eventually(async () => (await refusal(good)) === 'none', { describe: 'its return' });
});

it('asks nobody about a token that can be by no key', async () => {
  await start({ times: { ...TIMES, pollEveryMs: 25_000, refetchAfterMs: 1 } }).ready();
  const texts = [
    'a.b.c',
    await token(k1!, {}, { typ: 'JWT' }),
    `${Buffer.from('{"alg":"HS256","kid":"x","typ":"at+jwt"}').toString('base64url')}.e30.`,
  ];
  const began = performance.now();
  await eventually(() => performance.now() - began > 2, { describe: 'that it may ask again' });
  expect(await Promise.all(texts.map(refusal))).toEqual(['malformed', 'wrong_type', 'wrong_algorithm']);
  expect(issuer.asked).toHaveLength(1);
});

it('follows no address that a token names', async () => {
  const thief = await TestIssuer.start({ ...k2!, jwk: { ...k2!.jwk, kid: 'k1' } });
  await start().ready();
  const forged = await token(k2!, {}, { kid: 'k1', jku: thief.jwksUri, x5u: thief.jwksUri });
  expect(await refusal(forged)).toBe('signature_invalid');
  expect(thief.asked).toEqual([]);
  await thief.close();
});

describe('tells who is refused', () => {
  const INVALID = (reason: string) => `Bearer realm="orders", error="invalid_token", error_description="${reason}"`;

  it.each<[what: string, authorization: () => Promise<string | undefined> | undefined, told: object]>([
    [
      'without a token',
      () => undefined,
      { status: 401, headers: { 'www-authenticate': 'Bearer realm="orders"' }, body: { reason: 'token_missing' } },
    ],
    [
      'with two',
      async () => 'Bearer a b',
      {
        status: 400,
        headers: {
          'www-authenticate': 'Bearer realm="orders", error="invalid_request", error_description="request_malformed"',
        },
        body: { error: 'invalid_request', reason: 'request_malformed' },
      },
    ],
    [
      'with one that is over',
      async () => `Bearer ${await token(k1!, { exp: 1 })}`,
      {
        status: 401,
        headers: { 'www-authenticate': INVALID('expired') },
        body: { error: 'invalid_token', reason: 'expired' },
      },
    ],
    [
      'with one for another',
      async () => `Bearer ${await token(k1!, { aud: 'others' })}`,
      {
        status: 401,
        headers: { 'www-authenticate': INVALID('wrong_audience') },
        body: { error: 'invalid_token', reason: 'wrong_audience' },
      },
    ],
  ])('%s', async (_, authorization, told) => {
    start();
    const request = { headers: { authorization: await authorization() } };
    const error = await guard!.admit(request).catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(TokenRefused);
    expect({ ...(error as object) }).toEqual({
      name: 'TokenRefused',
      ...told,
      reason: (told as { body: { reason: string } }).body.reason,
    });
    expect(reports).toEqual([{ result: 'refused', reason: (error as TokenRefused).reason }]);
    expect(() => tokenOf(request)).toThrow('no guard has let this request in');
  });

  it('which scope it lacks', async () => {
    start();
    const scope = 'orders:read orders:delete';
    const error = await guard!.verify(await token(k1!), { scope }).catch((refused: TokenRefused) => refused);
    expect(error).toMatchObject({
      status: 403,
      headers: {
        'www-authenticate': `Bearer realm="orders", scope="${scope}", error="insufficient_scope", error_description="insufficient_scope"`,
      },
      body: { error: 'insufficient_scope', reason: 'insufficient_scope' },
    });
    await guard!.verify(await token(k1!), { scope: 'orders:write orders:read' });
    expect(reports).toEqual([{ result: 'refused', reason: 'insufficient_scope' }, { result: 'accepted' }]);
  });
});

it('has nothing of a token in what it throws', async () => {
  start();
  const text = await token(k1!, { aud: 'others', sub: 'a-secret-name' }, { kid: 'a-secret-name' });
  const error = (await guard!.verify(text).catch((refused: unknown) => refused)) as Error;
  expect(JSON.stringify([error, error.message, error.stack, error.cause])).not.toContain('a-secret-name');
});

it('lets in by what it found, whatever an observer does', async () => {
  start({
    onVerify: () => {
      throw new Error('a counter of that name has no such label');
    },
  });
  expect(await refusal(await token(k1!))).toBe('none');
  expect(await refusal('a.b.c')).toBe('malformed');
});
