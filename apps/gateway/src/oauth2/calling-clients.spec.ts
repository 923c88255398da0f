// How often a client may come, and fail: at a real gateway on a real PostgreSQL.
import { GatewayWorld, type TestIssuer } from '../../testing/gateway-world';
import { askToken, basic, postForm, toldOf } from '../../testing/oauth-forms';
import { pairOf } from '../../testing/client-pair';
import { FAILURES } from '../door/rate';
import { ASSERTION_TYPE } from './client-proof';

jest.setTimeout(120_000);

const MOST_FAILURES = FAILURES.most;
const RATE = 4;

let world: GatewayWorld;
let issuer: TestIssuer;
beforeAll(async () => {
  world = await GatewayWorld.make({ trustedProxies: '127.0.0.0/8', clientRate: RATE });
  issuer = await world.addIssuer('web');
});
afterAll(() => world.end());

/** Behind the proxy that this very process is. */
const from = (peer: string) => ({ headers: { 'x-forwarded-for': peer } });
const wrong = (client: string, peer: string, secret = 'wrong') => askToken(world, [client, secret], from(peer));

async function failing(client: string, peer: string): Promise<void> {
  for (let n = 0; n < MOST_FAILURES; n += 1) {
    expect(await toldOf(await wrong(client, peer))).toEqual([401, 'invalid_client']);
  }
}

it('failures are counted by who fails and in whose name, and the right secret is taken beside any number of them', async () => {
  const secret = await world.addClient(issuer, 'billing');
  await failing('billing', '198.51.100.1');
  const limited = await wrong('billing', '198.51.100.1');
  const wait = Number(limited.headers.get('retry-after'));
  expect([wait > 0, wait <= 60]).toEqual([true, true]);
  expect(await toldOf(limited)).toEqual([429, 'slow_down']);
  // The same where the tokens are asked about, with the secret in the form, and with an assertion.
  const of = { token: 'a.b.c', client_id: 'billing', client_secret: 'wrong' };
  const { headers } = from('198.51.100.1');
  expect(await toldOf(await postForm(world, '/issuers/web/oauth2/introspect', of, headers))).toEqual([
    429,
    'slow_down',
  ]);
  // From there as well: the first time, and when it is known.
  for (let n = 0; n < 2; n += 1) {
    expect((await askToken(world, ['billing', secret], from('198.51.100.1'))).status).toBe(200);
    expect(await toldOf(await wrong('billing', '198.51.100.1'))).toEqual([429, 'slow_down']);
  }
  // Nobody else has anything to do with it.
  expect((await wrong('billing', '198.51.100.2')).status).toBe(401);
  expect((await wrong('another', '198.51.100.1')).status).toBe(401);
});

it('a client that is nobody is told the very same, as long as it likes', async () => {
  await world.addClient(issuer, 'somebody');
  const told = async (client: string) => {
    const answers = [];
    for (let n = 0; n <= MOST_FAILURES; n += 1) answers.push(await wrong(client, '198.51.100.3'));
    return Promise.all(
      answers.map(async (answer) => {
        const headers = [...answer.headers].filter(([name]) => !['date', 'retry-after'].includes(name));
        return [answer.status, headers, await answer.text(), answer.headers.has('retry-after')];
      }),
    );
  };
  expect(await told('nobody')).toEqual(await told('somebody'));
});

it('an assertion that is right is taken beside those that are not', async () => {
  const [own, other] = await Promise.all([pairOf('ES256', 'c1'), pairOf('ES256', 'c1')]);
  await world.addClient(issuer, 'jobs', { keys: [own.key] });
  const claims = (jti: string) => {
    const iat = Math.floor(Date.now() / 1_000);
    return { iss: 'jobs', sub: 'jobs', aud: issuer.url, iat, exp: iat + 60, jti };
  };
  const show = async (assertion: Promise<string>) => {
    const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE };
    const body = { ...form, client_assertion: await assertion };
    return (await postForm(world, '/issuers/web/oauth2/token', body, from('198.51.100.4').headers)).status;
  };
  const statuses = [];
  for (let n = 0; n <= MOST_FAILURES; n += 1) statuses.push(await show(other.sign(claims(`x${n}`))));
  expect(statuses).toEqual([...Array<number>(MOST_FAILURES).fill(401), 429]);
  expect(await show(own.sign(claims('right')))).toBe(200);
});

it('a client that comes too often waits a second, and no other does', async () => {
  const [busy, calm] = [await world.addClient(issuer, 'busy'), await world.addClient(issuer, 'calm')];
  // More at once than a second has, so that a slow machine spreads them over no more seconds than they have answers for.
  const answers = await Promise.all(Array.from({ length: 20 * RATE }, () => askToken(world, ['busy', busy])));
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(RATE);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused)
    expect([answer.headers.get('retry-after'), await toldOf(answer)]).toEqual(['1', [429, 'slow_down']]);
  expect((await askToken(world, ['calm', calm])).status).toBe(200);
});

it('whoever makes up clients and kids costs nothing that stays, and keeps no client from its tokens', async () => {
  const secret = await world.addClient(issuer, 'steady');
  expect((await askToken(world, ['steady', secret])).status).toBe(200);
  const stranger = await pairOf('ES256', 'x');
  const assertion = await stranger.sign({ iss: 'x', sub: 'x', aud: issuer.url, exp: 4_000_000_000, jti: 'x' });
  const [, payload, signature] = assertion.split('.');
  const madeUp = (n: number): string =>
    `${Buffer.from(JSON.stringify({ alg: 'ES256', kid: `made-up-${n}` })).toString('base64url')}.${payload}.${signature}`;
  const crowd = Array.from({ length: 300 }, async (_, n) => {
    const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE };
    const answer = await postForm(world, '/issuers/web/oauth2/token', { ...form, client_assertion: madeUp(n) });
    return answer.status;
  });
  const others = Array.from({ length: 300 }, async (_, n) => {
    const answer = await postForm(
      world,
      '/issuers/web/oauth2/token',
      { grant_type: 'client_credentials' },
      basic(`made-up-${n}`, 'x'),
    );
    return answer.status;
  });
  expect((await askToken(world, ['steady', secret])).status).toBe(200);
  const told = new Set(await Promise.all([...crowd, ...others]));
  for (const status of told) expect([401, 429]).toContain(status);
  expect(told).toContain(401);
});
