// What the gateway's server takes and what it refuses, on a real socket.
import { connect as dial } from 'node:net';
import { gzipSync } from 'node:zlib';
import { eventually } from '@plexsphere/testkit';
import { randomUUID } from 'node:crypto';
import { GatewayWorld, KEY } from '../../testing/gateway-world';

jest.setTimeout(120_000);

let world: GatewayWorld;
beforeAll(async () => {
  world = await GatewayWorld.make();
});
afterAll(() => world.end());

const refusal = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

const TOO_LONG = ' '.repeat(64 * 1_024 + 1);
const packed = (text: string) => ({ body: gzipSync(text), headers: { 'content-encoding': 'gzip' } });
const JSON_TYPE = { 'content-type': 'application/json' };
const register = (init: { body: string | Buffer; headers?: Record<string, string> }) =>
  world.get('/v1/register', { method: 'POST', ...init, headers: { ...JSON_TYPE, ...init.headers } });

it.each([
  ['a path that nothing is served under', () => world.get('/v1/nothing'), [404, 'unknown_route']],
  ['a method that a route does not take', () => world.get('/v1/ping', { method: 'DELETE' }), [404, 'unknown_route']],
  [
    'the same before Nest',
    () => world.get('/v1/scopes/platform/jwks.json', { method: 'POST' }),
    [405, 'unsupported_method'],
  ],
  ['no JSON', () => register({ body: '{"token":' }), [400, 'invariant_violation']],
  ['an invalid byte', () => register({ body: Buffer.from([0x22, 0xff, 0x22]) }), [400, 'invariant_violation']],
  ['a list', () => register({ body: '[]' }), [400, 'invariant_violation']],
  ['brackets without end', () => register({ body: '['.repeat(60_000) }), [400, 'invariant_violation']],
  ['a body that is too long', () => register({ body: TOO_LONG }), [413, 'request_too_large']],
  ['another kind of body', () => register({ body: 'a=1', headers: FORM }), [415, 'unsupported_body']],
  ['another packing', () => register({ body: '{}', headers: { 'content-encoding': 'br' } }), [415, 'unsupported_body']],
  [
    'what says that it is packed',
    () => register({ body: '{}', headers: { 'content-encoding': 'gzip' } }),
    [400, 'invariant_violation'],
  ],
  ['what is long once it is unpacked', () => register(packed(' '.repeat(1_048_577))), [413, 'request_too_large']],
  ['a token that is none', () => world.post('/v1/register', newcomer('none')), [401, 'not_authenticated']],
] as const)('%s is refused', async (_, ask, expected) => {
  const response = await ask();
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await refusal(response)).toEqual(expected);
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const newcomer = (token: string) => ({ token: `${token} `, public_key: KEY, hostname: 'box' });

it('a bomb of gzip is let go before it is unpacked', async () => {
  const before = process.memoryUsage().rss;
  // Sixty-four thousand bytes that would be sixty million.
  const bomb = gzipSync(Buffer.alloc(60_000_000), { level: 9 });
  expect(bomb.length).toBeLessThan(64 * 1_024);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => register({ body: bomb, headers: packed('').headers })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([413]));
  expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
});

it('whatever a daemon packs is unpacked', async () => {
  const node = await world.addNode('platform');
  const body = JSON.stringify({ status: 'healthy', padding: 'x'.repeat(100_000) });
  const beat = await world.as(node, `/v1/nodes/${node.id}/heartbeat`, {
    method: 'POST',
    body: gzipSync(body),
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
  });
  expect(await beat.json()).toEqual({ reconcile: expect.any(Boolean), rotate_keys: false });
});

describe('on the socket', () => {
  const { stringContaining } = expect;

  /** What comes back, until the server closes. */
  async function said(text: string): Promise<string> {
    const { hostname, port } = new URL(world.url);
    const socket = dial(Number(port), hostname);
    let heard = '';
    socket.on('data', (bytes) => (heard += bytes.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(text);
    await closed;
    return heard;
  }

  it('headers that are too long are refused with their limit, and the connection ends', async () => {
    const answer = await said(`GET /v1/ping HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(17_000)}\r\n\r\n`);
    expect(answer).toEqual(stringContaining('HTTP/1.1 431 '));
    expect(answer).toEqual(stringContaining('"code":"headers_too_large"'));
  });

  it('what is no request is told so in a whole answer', async () => {
    const answer = await said('hello\r\n\r\n');
    expect(answer).toEqual(stringContaining('HTTP/1.1 400 '));
    expect(answer).toEqual(stringContaining('"code":"invariant_violation"'));
  });

  it('whoever begins a request and never ends it is let go, in its headers and in its body', async () => {
    const slow = await Promise.all([
      said('GET /v1/ping HTTP/1.1\r\nhost: x\r\n'),
      said('POST /v1/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{'),
    ]);
    for (const answer of slow) {
      expect(answer).toEqual(stringContaining('HTTP/1.1 408 '));
      expect(answer).toEqual(stringContaining('"code":"request_too_slow"'));
    }
  });
});

it('counts what it answered, by route and status and by nobody', async () => {
  const stranger = randomUUID();
  await world.get(`/v1/nodes/${stranger}/state`);
  const metrics = await eventually(async () => {
    const text = await (await world.get('/metrics')).text();
    return text.includes('route="state",status="401"') ? text : undefined;
  });
  expect(metrics).not.toContain(stranger);
  for (const name of [
    'process_cpu_seconds_total',
    'plexsphere_gateway_streams 0',
    'plexsphere_gateway_waiting_streams 0',
  ]) {
    expect(metrics).toContain(name);
  }
});
