// Tokens at a real gateway, with its role on a real PostgreSQL and a real bus; the signer is played, with real keys.
import { connect as dial } from 'node:net';
import { SIGNING_DURATION_MS, problem } from '@plexsphere/wire';
import { Bus } from '@plexsphere/service-kit';
import { eventually } from '@plexsphere/testkit';
import { decodeJwt } from 'jose';
import { GatewayWorld, type TestIssuer } from '../../testing/gateway-world';
import { askToken, basic, postForm, toldOf } from '../../testing/oauth-forms';

jest.setTimeout(120_000);

let world: GatewayWorld;
let issuer: TestIssuer;
let secret: string;
beforeAll(async () => {
  world = await GatewayWorld.make();
  issuer = await world.addIssuer('web', { isDefault: true, longestSeconds: 600 });
  await world.addIssuer('other');
  secret = await world.addClient(issuer, 'billing');
});
afterAll(() => world.end());

const ask = (more: Parameters<typeof askToken>[2] = {}) => askToken(world, ['billing', secret], more);

it.each(['', '/issuers/web'])('at "%s" it is for this client alone, and for no cache', async (at) => {
  const answer = await ask({ at, scope: 'read' });
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  const { access_token, ...said } = (await answer.json()) as { access_token: string };
  expect(said).toEqual({ token_type: 'Bearer', expires_in: 600, scope: 'read' });
  expect(decodeJwt(access_token)).toMatchObject({
    ...{ iss: issuer.url, sub: 'billing', client_id: 'billing', aud: 'https://api.example.com', scope: 'read' },
  });
});

it('names its issuer as the operator did, whatever a caller says of the host', async () => {
  const headers = { host: 'evil.example.com', 'x-forwarded-host': 'evil.example.com', forwarded: 'host=evil' };
  const { access_token } = (await (await ask({ headers })).json()) as { access_token: string };
  expect(decodeJwt(access_token).iss).toBe(issuer.url);
});

it('a ceiling that came down in between cuts its life, and refuses nobody', async () => {
  const signer = world.signer.issuers.get(issuer.scope)!;
  world.signer.issuers.set(issuer.scope, { ...signer, longestSeconds: 60 });
  expect(await (await ask()).json()).toMatchObject({ expires_in: 60 });
  world.signer.issuers.set(issuer.scope, signer);
});

it.each([
  ['so many scopes that no token holds them', 'token_scope', 'invalid_scope'],
  ['an audience that none holds', 'aud', 'invalid_target'],
])('%s', async (_, field, error) => {
  world.signer.refusals.push(problem('invariantViolation', { field }));
  expect(await toldOf(await ask())).toEqual([400, error]);
});

describe('what comes later than a signature is accepted for', () => {
  it('because a signer was slow is asked for no longer', async () => {
    const bus = world.gateway.get(Bus);
    const answered = jest.spyOn(bus, 'request').mockImplementation(() => new Promise(() => undefined) as never);
    const began = performance.now();
    const answer = await ask();
    expect([await toldOf(answer), answer.headers.get('retry-after')]).toEqual([[503, 'temporarily_unavailable'], '5']);
    expect(performance.now() - began).toBeGreaterThanOrEqual(SIGNING_DURATION_MS - 1);
    answered.mockRestore();
  });

  it('because this process stood still with it in its hands is not sent', async () => {
    const bus = world.gateway.get(Bus);
    const real = bus.askSigner.bind(bus) as (...words: unknown[]) => Promise<unknown>;
    const asked = jest.spyOn(bus, 'askSigner').mockImplementation(async (...words: unknown[]) => {
      const reply = await real(...words);
      for (const until = performance.now() + SIGNING_DURATION_MS; performance.now() < until;);
      return reply as never;
    });
    expect(await toldOf(await ask())).toEqual([503, 'temporarily_unavailable']);
    asked.mockRestore();
    expect((await ask()).status).toBe(200);
  });
});

describe('what is longer than any request is refused with the rest of it unread', () => {
  /** What comes back of a request that never ends, until the server closes. */
  async function said(headers: string, body: string): Promise<string> {
    const { hostname, port } = new URL(world.url);
    const socket = dial(Number(port), hostname);
    let heard = '';
    socket.on('data', (bytes) => (heard += bytes.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const type = 'content-type: application/x-www-form-urlencoded';
    socket.write(`POST /oauth2/token HTTP/1.1\r\nhost: x\r\n${type}\r\n${headers}\r\n\r\n${body}`);
    await closed;
    return heard;
  }

  it.each([
    ['that says so', 'content-length: 1000000000', ''],
    ['that does not', 'transfer-encoding: chunked', `4001\r\n${'x'.repeat(0x4001)}\r\n`],
  ])('one %s', async (_, headers, body) => {
    const began = performance.now();
    const answer = await said(headers, body);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"error":"invalid_request"');
    expect(answer.toLowerCase()).toContain('connection: close');
    // Whoever waits for a body that never comes does so for twenty seconds.
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('and of as many bytes as it may have it is not', async () => {
    const form = { grant_type: 'client_credentials', x: '' };
    const length = new URLSearchParams(form).toString().length;
    const padded = { ...form, x: 'x'.repeat(16 * 1_024 - length) };
    expect((await postForm(world, '/oauth2/token', padded, basic('billing', secret))).status).toBe(200);
  });
});

describe('what is away passes', () => {
  const told = async (answer: Response): Promise<unknown> => {
    const text = await answer.text();
    expect(text).not.toMatch(/ECONN|127\.0\.0\.1|gateway\.|select|\.[jt]s\b/i);
    return [answer.status, (JSON.parse(text) as { error: string }).error, answer.headers.get('retry-after')];
  };

  it.each(['noSigner', 'noLease', 'keyUnavailable', 'epochMismatch', 'tooManyWaiting'] as const)(
    'signers: %s',
    async (name) => {
      // However often it is asked again.
      world.signer.refusals.push(...Array.from({ length: 10 }, () => problem(name)));
      const overload = name === 'tooManyWaiting';
      expect(await told(await ask())).toEqual([
        ...(overload ? [429, 'slow_down'] : [503, 'temporarily_unavailable']),
        '5',
      ]);
      world.signer.refusals.length = 0;
    },
  );

  it('the database, for tokens and introspection; what is in memory of key sets and names goes on', async () => {
    await world.closeDatabase();
    const token = { token: 'a.b.c' };
    try {
      for (const answer of [ask(), postForm(world, '/oauth2/introspect', token, basic('billing', secret))]) {
        expect(await told(await answer)).toEqual([503, 'temporarily_unavailable', '5']);
      }
    } finally {
      world.openDatabase();
    }
    await eventually(async () => (await ask()).status === 200, { describe: 'tokens again', timeoutMs: 60_000 });
  });
});
