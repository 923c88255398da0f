/** What each kind of application has to answer: the same, whatever it is built on. */
import { request } from 'node:http';
import { TestIssuer } from './test-issuer';
import { AUDIENCE, ISSUER, testKey, token, type TestKey } from './test-key';
import { JwtGuard } from '../src';

/** An application with `GET /orders`, which answers the caller's name, and `DELETE /orders`, which wants a scope that no test token has. */
export interface Application {
  url: string;
  close(): Promise<unknown>;
}

const REALM = 'Bearer realm="orders"';
const invalid = (reason: string) => ({
  status: 401,
  challenge: `${REALM}, error="invalid_token", error_description="${reason}"`,
  body: { error: 'invalid_token', reason },
});

export function answersAsItShould(start: (guard: JwtGuard) => Promise<Application>): void {
  let issuer: TestIssuer;
  let guard: JwtGuard;
  let application: Application;
  let key: TestKey;

  beforeAll(async () => {
    key = await testKey('k1');
    issuer = await TestIssuer.start(key);
    guard = JwtGuard.start({ issuer: ISSUER, audience: AUDIENCE, jwksUri: issuer.jwksUri });
    application = await start(guard);
  });
  afterAll(async () => {
    guard.stop();
    await application.close();
    await issuer.close();
  });

  async function ask(authorization?: string, method = 'GET') {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${application.url}/orders`, { method, headers });
    const { status } = response;
    return {
      status,
      challenge: response.headers.get('www-authenticate'),
      type: response.headers.get('content-type'),
      body: JSON.parse(await response.text()) as unknown,
    };
  }

  it('lets a good token in, and the handler knows whose it is', async () =>
    expect(await ask(`Bearer ${await token(key)}`)).toMatchObject({ status: 200, body: { sub: 'billing' } }));

  it('refuses who shows none', async () =>
    expect(await ask()).toMatchObject({ status: 401, challenge: REALM, body: { reason: 'token_missing' } }));

  it('refuses a request that is none', async () =>
    expect(await ask('Bearer a b')).toMatchObject({
      status: 400,
      challenge: `${REALM}, error="invalid_request", error_description="request_malformed"`,
    }));

  it('refuses two tokens in one request, whichever of them is good', async () => {
    const good = `Bearer ${await token(key)}`;
    expect(await statusOf(`${application.url}/orders`, ['Authorization', good])).toBe(200);
    for (const other of [good, 'Bearer x']) {
      expect(await statusOf(`${application.url}/orders`, ['Authorization', good, 'Authorization', other])).toBe(400);
    }
  });

  it.each([
    ['expired', { exp: 1 }],
    ['wrong_audience', { aud: 'others' }],
  ])('refuses one that is %s', async (reason, changes) => {
    const told = await ask(`Bearer ${await token(key, changes)}`);
    expect(told).toEqual({ ...invalid(reason), type: expect.stringMatching(/^application\/json/) });
  });

  it('refuses one that lacks a scope', async () =>
    expect(await ask(`Bearer ${await token(key)}`, 'DELETE')).toMatchObject({
      status: 403,
      challenge: `${REALM}, scope="orders:delete", error="insufficient_scope", error_description="insufficient_scope"`,
      body: { error: 'insufficient_scope', reason: 'insufficient_scope' },
    }));

  it('lets one in that has it', async () => {
    const granted = `Bearer ${await token(key, { scope: 'orders:delete' })}`;
    expect(await ask(granted, 'DELETE')).toMatchObject({ status: 200, body: { deleted: true } });
  });

  it('lets nobody in without keys, and says when to come again', async () => {
    const keyless = JwtGuard.start({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${issuer.url}/none` });
    issuer.answers = (_, response) => void response.writeHead(404).end();
    const other = await start(keyless);
    const headers = { authorization: `Bearer ${await token(key)}` };
    const response = await fetch(`${other.url}/orders`, { headers });
    expect([response.status, response.headers.get('retry-after'), response.headers.get('www-authenticate')]).toEqual([
      503,
      '5',
      null,
    ]);
    expect(await response.json()).toEqual({ error: 'temporarily_unavailable', reason: 'keys_unavailable' });
    keyless.stop();
    await other.close();
    issuer.answers = undefined;
  });
}

/** By header lines as they are given: fetch joins two of one name into one. */
const statusOf = (url: string, lines: readonly string[]): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers: ['Host', new URL(url).host, 'Connection', 'close', ...lines] }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
