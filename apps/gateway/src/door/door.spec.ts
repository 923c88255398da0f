// What the gateway's server takes and what it refuses, on a real socket.
import { connect as dial } from 'node:net';
import { gzipSync } from 'node:zlib';
import { eventually } from '@plexsphere/testkit';
import { randomUUID } from 'node:crypto';
import { DOMAIN, GatewayWorld, KEY, type TestNode } from '../../testing/gateway-world';
import { ReadStream } from '../../testing/read-stream';

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
  [
    'a method that a route does not take',
    () => world.get('/v1/ping', { method: 'DELETE' }),
    [405, 'unsupported_method'],
  ],
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
  [
    'what has many values once it is unpacked',
    () => register(packed(`[${'{},'.repeat(300_000)}{}]`)),
    [400, 'invariant_violation'],
  ],
  ['what is long once it is unpacked', () => register(packed(' '.repeat(1_048_577))), [413, 'request_too_large']],
  ['a token that is none', () => world.post('/v1/register', newcomer('none')), [401, 'not_authenticated']],
] as const)('%s is refused', async (_, ask, expected) => {
  const response = await ask();
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await refusal(response)).toEqual(expected);
});

it.each([
  ['/v1/register', 'GET', 'POST'],
  [`/v1/nodes/${randomUUID()}/endpoint?x=1`, 'POST', 'PUT'],
  ['/v1/scopes/platform/chain', 'POST', 'GET'],
  ['/v1/scopes/platform/jwks.json', 'POST', 'GET, HEAD'],
])('%s, called by %s, says which method it takes', async (path, method, allow) => {
  const answer = await world.get(path, { method });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
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

describe('on the socket', () => {
  const { stringContaining } = expect;

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

describe('what an attacker writes', () => {
  let mine: TestNode;
  let other: TestNode;
  beforeAll(async () => {
    [mine, other] = [await world.addNode(DOMAIN), await world.addNode(DOMAIN)];
  });

  const post = (headers: string, body: string) =>
    `POST /v1/register HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n${headers}\r\n\r\n${body}`;
  const get = (path: string, headers = '') =>
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${mine.secret}\r\n${headers}\r\n`;
  const inside = 'GET /v1/ping HTTP/1.1\r\nhost: x\r\n\r\n';

  // RFC 9112, sections 2.2, 3.2, 5.1, 6.1, 6.3: what a proxy in front may take for another number of requests than we do.
  it.each([
    ['a length and chunks', () => post('content-length: 4\r\ntransfer-encoding: chunked', `0\r\n\r\n${inside}`)],
    ['two lengths', () => post('content-length: 2\r\ncontent-length: 40', `{}${inside}`)],
    ['a length that is a list', () => post('content-length: 2, 2', '{}')],
    ['a length with a sign', () => post('content-length: +2', '{}')],
    ['a coding that is none', () => post('transfer-encoding: xchunked', `0\r\n\r\n`)],
    ['chunks that are not the last coding', () => post('transfer-encoding: chunked, identity', `0\r\n\r\n`)],
    ['a chunk of another length', () => post('transfer-encoding: chunked', `1\r\n{}\r\n0\r\n\r\n`)],
    ['a blank before the colon', () => post('content-length : 2', '{}')],
    ['a line that goes on', () => post('x: a\r\n b\r\ncontent-length: 2', '{}')],
    ['a NUL', () => post('x: a\0b\r\ncontent-length: 2', '{}')],
    ['no host', () => 'GET /v1/ping HTTP/1.1\r\n\r\n'],
    ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/9', () => 'GET /v1/ping HTTP/9.1\r\nhost: x\r\n\r\n'],
  ])('%s: it is refused, and nothing that follows is taken for a request', async (_, text) => {
    const answer = await said(text());
    expect(answer.match(/^HTTP\/1\.1 (\d+)/gm)).toEqual(['HTTP/1.1 400']);
  });

  it.each([
    ['two slashes', () => `//v1/nodes/${mine.id}/state`, 404],
    ['two slashes within', () => `/v1/nodes//${mine.id}/state`, 404],
    ['up and down again', () => `/v1/nodes/${mine.id}/../${mine.id}/state`, 404],
    ['up, escaped', () => `/v1/nodes/${mine.id}/%2e%2e/${mine.id}/state`, 404],
    ['a slash, escaped', () => `/v1/nodes/${mine.id}%2Fstate`, 404],
    ['a slash at the end', () => `/v1/nodes/${mine.id}/state/`, 404],
    [
      "another Node's id, escaped",
      () => `/v1/nodes/${other.id.replace(/^./, (c) => `%${c.charCodeAt(0).toString(16)}`)}/state`,
      401,
    ],
    ["another Node's id in the query", () => `/v1/nodes/${other.id}/state?node_id=${mine.id}`, 401],
    ['a semicolon', () => `/v1/nodes/${mine.id};x/state`, 401],
    ['an escape that is none', () => `/v1/nodes/%zz/state`, 400],
    ['the same of a stream', () => `/v1/nodes/%2e%2e/events`, 401],
    ['a stream of another Node', () => `/v1/nodes/${other.id}/events`, 401],
  ])('%s', async (_, path, status) => {
    expect(await said(get(path()))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each([
    ['a key set', () => `/v1/scopes/${DOMAIN}/jwks.json`, 200],
    ['a chain', () => `/v1/scopes/${DOMAIN}/chain?after=1`, 200],
    ['a stream of another Node', () => `/v1/nodes/${other.id}/events`, 401],
    ['nothing', () => '', 404],
    ['nothing, asked for', () => '?x=1', 404],
  ])('%s, with scheme and host before it, is the same', async (_, path, status) => {
    for (const before of ['http://x', 'HTTPS://gateway.example:8443']) {
      expect(await said(get(`${before}${path()}`))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });

  it.each(['OPTIONS', 'TRACE', 'DELETE', 'PATCH', 'PROPFIND'])('%s is no way to anything', async (method) => {
    for (const path of [`/v1/nodes/${mine.id}/state`, `/v1/nodes/${mine.id}/events`, '/v1/register', '/v1/ping']) {
      const answer = await said(get(path).replace('GET', method));
      expect(answer).toMatch(/^HTTP\/1\.1 40[45] /);
      expect(answer).not.toMatch(/^access-control/im);
    }
  });

  it('whoever asks for a head gets no body, and opens no stream', async () => {
    const state = await said(get(`/v1/nodes/${mine.id}/state`).replace('GET', 'HEAD'));
    expect(state.endsWith('\r\n\r\n')).toBe(true);
    expect(await said(get(`/v1/nodes/${mine.id}/events`).replace('GET', 'HEAD'))).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('a bearer of ten thousand characters is none', async () => {
    const long = { authorization: `Bearer ${'x'.repeat(10_000)}` };
    for (const call of ['state', 'events']) {
      expect(await refusal(await world.get(`/v1/nodes/${mine.id}/${call}`, { headers: long }))).toEqual([
        401,
        'not_authenticated',
      ]);
    }
  });

  it.each(['', '-1', '+1', '1.0', '1e3', '0x1', 'abc', '1, 2', '1'.repeat(19)])(
    'a Last-Event-ID of %s is none',
    async (id) => {
      const node = await world.addNode(DOMAIN);
      const headers = { 'last-event-id': id };
      expect(await refusal(await world.as(node, `/v1/nodes/${node.id}/events`, { headers }))).toEqual([
        400,
        'invariant_violation',
      ]);
    },
  );

  it.each(['0', '9'.repeat(18), '007'])('one of %s begins like none', async (id) => {
    const node = await world.addNode(DOMAIN);
    const stream = await ReadStream.open(world.url, node, { 'last-event-id': id });
    await eventually(() => stream.text.includes(':'));
    stream.close();
  });

  it('the eleventh stream within ten seconds is too many, however its Node is spelled', async () => {
    const node = await world.addNode(DOMAIN);
    const ids = Array.from({ length: 11 }, (_, i) => (i % 2 === 0 ? node.id : node.id.toUpperCase()));
    const answers: Response[] = [];
    const ended = new AbortController();
    for (const id of ids) answers.push(await world.as(node, `/v1/nodes/${id}/events`, { signal: ended.signal }));
    const last = answers.pop();
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
    expect([last?.status, last?.headers.get('retry-after')]).toEqual([429, '5']);
    // Whoever guesses at its bearer uses up nothing of its own.
    const guessed = await world.as({ secret: 'x'.repeat(32) }, `/v1/nodes/${node.id}/events`);
    expect(guessed.status).toBe(401);
    ended.abort();
  });

  it.each([
    ['members of its prototype', `{"__proto__":{"token":"t","public_key":"${KEY}","hostname":"box"}}`],
    ['its constructor', `{"constructor":{"prototype":{"token":"t"}}}`],
    [
      'the same member twice, and the last is none',
      `{"token":"t","public_key":"${KEY}","hostname":"box","hostname":1}`,
    ],
    ['a hostname of control characters', JSON.stringify({ token: 't', public_key: KEY, hostname: 'a\u0000\n' })],
    ['a key that is a list of one', JSON.stringify({ token: 't', public_key: [KEY], hostname: 'box' })],
    ['depth', `{"token":"t","metadata":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`],
  ])('a body with %s registers nobody', async (_, body) => {
    expect(await refusal(await register({ body }))).toEqual([400, 'invariant_violation']);
    expect(({} as { token?: string }).token).toBeUndefined();
  });

  it.each([
    ['65,536 bytes', 65_536, false, 200],
    ['one more', 65_537, false, 413],
    ['1,048,576 bytes, unpacked', 1_048_576, true, 200],
    ['one more', 1_048_577, true, 413],
  ])('a body of %s', async (_, bytes, isPacked, status) => {
    const text = `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const body = isPacked ? gzipSync(text) : text;
    const headers = { ...JSON_TYPE, ...(isPacked && { 'content-encoding': 'gzip' }) };
    const beat = await world.as(mine, `/v1/nodes/${mine.id}/heartbeat`, { method: 'POST', body, headers });
    expect(beat.status).toBe(status);
  });

  describe('before the answer to what it has asked, the next request', () => {
    const nextAfter = (request: string) => said(request + inside.repeat(500));
    const openStreams = async () =>
      /^plexsphere_gateway_streams (\d+)$/m.exec(await (await world.get('/metrics')).text())?.[1];

    it('ends the connection, and is not begun', async () => {
      const answered = await nextAfter(get(`/v1/scopes/${DOMAIN}/chain`).replace('connection: close\r\n', ''));
      expect(answered).toBe('');
    });

    it('ends a stream, and leaves none open that waits behind it', async () => {
      const node = await world.addNode(DOMAIN);
      const stream = `GET /v1/nodes/${node.id}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${node.secret}\r\n\r\n`;
      const before = await openStreams();
      await said(stream.repeat(5));
      const socket = dial(Number(new URL(world.url).port), new URL(world.url).hostname);
      let heard = '';
      socket.on('data', (bytes) => (heard += bytes.toString()));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(stream);
      await eventually(() => heard.includes(':\n\n'));
      socket.write(stream);
      await closed;
      expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
      await eventually(async () => (await openStreams()) === before, { describe: 'no stream more than before' });
    });
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
