import { createServer as createTlsServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { testCertificates } from '@plexsphere/testkit';
import { TestIssuer, type Answer } from '../testing/test-issuer';
import { fetchText, type TextRequest } from './fetch-text';

const MAX_BYTES = 1_000;
/** Only what never ends takes as long, and then it has to. */
const PATIENT_MS = 60_000;
const BRIEFLY_MS = 300;

let issuer: TestIssuer;
beforeAll(async () => void (issuer = await TestIssuer.start()));
afterAll(() => issuer.close());
beforeEach(() => Object.assign(issuer, { answers: undefined, text: '{"keys":[]}', headers: {} }));

const ask = (changes: Partial<TextRequest> = {}) =>
  fetchText({
    ...{ url: new URL(issuer.jwksUri), ca: undefined, etag: undefined, withinMs: PATIENT_MS, maxBytes: MAX_BYTES },
    signal: new AbortController().signal,
    ...changes,
  });

/** What of it a report would say. */
const failure = (changes?: Partial<TextRequest>) =>
  ask(changes).then(
    () => 'none',
    ({ reason, detail }: { reason: string; detail: string }) => `${reason} ${detail}`.trim(),
  );

it('brings the text and its ETag, past every cache, and as it is', async () => {
  const { text, etag, ageMs } = await ask();
  expect([text, ageMs]).toEqual(['{"keys":[]}', 0]);
  expect(etag).toMatch(/^"[\w-]{43}"$/);
  expect(issuer.asked.at(-1)).toMatchObject({ 'cache-control': 'no-cache', 'accept-encoding': 'identity' });
  expect(issuer.asked.at(-1)).not.toHaveProperty('if-none-match');

  expect(await ask({ etag })).toEqual({ text: undefined, etag, ageMs: 0 });
  issuer.text = '{"keys":[1]}';
  expect(await ask({ etag })).toMatchObject({ text: '{"keys":[1]}' });
});

it('says for how long a cache has had it', async () => {
  issuer.headers = { age: '20' };
  expect(await ask()).toMatchObject({ ageMs: 20_000 });
  issuer.headers = { age: 'long' };
  expect(await ask()).toMatchObject({ ageMs: 0 });
});

it('keeps no ETag that is longer than any has to be', async () => {
  issuer.headers = { etag: `"${'a'.repeat(300)}"` };
  expect(await ask()).toMatchObject({ text: '{"keys":[]}', etag: undefined });
});

const send =
  (status: number, headers: Record<string, string>, body: string | Buffer = ''): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

/** Until the other side has had enough. */
const endlessly =
  (chunk: Buffer): Answer =>
  (_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };

it.each<[what: string, Answer, failure: string]>([
  ['a redirect to where it would be', send(302, { location: '/.well-known/jwks.json' }), 'redirected 302'],
  ['a redirect for ever', send(308, { location: 'http://elsewhere.example/' }), 'redirected 308'],
  ['"not modified" where there is nothing yet', send(304, {}), 'redirected 304'],
  ['an error with keys in it', send(500, {}, '{"keys":[]}'), 'status 500'],
  ['no content', send(204, {}), 'status 204'],
  ['part of it', send(206, {}, '{"keys":[]}'), 'status 206'],
  ['50 MB, announced', send(200, { 'content-length': `${50 * 1_024 ** 2}` }, '{'), 'too_large'],
  ['50 MB, not announced', endlessly(Buffer.alloc(64 * 1_024, ' ')), 'too_large'],
  ['one byte more than it may be', send(200, {}, ' '.repeat(MAX_BYTES + 1)), 'too_large'],
  [
    'much in little',
    send(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(10_000_000))),
    'malformed encoded',
  ],
  ['what is no text', send(200, {}, Buffer.of(0x22, 0xff, 0x22)), 'malformed not UTF-8'],
  ['nothing at all', (request) => void request.socket.destroy(), 'unreachable ECONNRESET'],
  ['half of what it announced', cutOff, 'unreachable ECONNRESET'],
])('fails by %s', async (_, answer, expected) => {
  issuer.answers = answer;
  expect(await failure()).toBe(expected);
});

function cutOff(_: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '11' }).write('{"keys"', () => response.destroy());
}

it('takes exactly as much as it may', async () => {
  issuer.text = ' '.repeat(MAX_BYTES);
  expect((await ask()).text).toHaveLength(MAX_BYTES);
});

describe('is over in time', () => {
  it.each<[what: string, Answer]>([
    ['answers nothing', () => undefined],
    ['answers headers and no body', (_, response) => response.writeHead(200).flushHeaders()],
    ['sends a byte now and then', slowly],
    ['says for ever that it goes on', forEver],
  ])('where the server %s', async (_, answer) => {
    issuer.answers = answer;
    const began = performance.now();
    expect(await failure({ withinMs: BRIEFLY_MS })).toBe('timeout');
    expect(performance.now() - began).toBeGreaterThanOrEqual(BRIEFLY_MS - 2);
  });

  function slowly(_: unknown, response: ServerResponse): void {
    response.writeHead(200);
    const writing = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(writing));
  }

  function forEver(_: unknown, response: ServerResponse): void {
    const writing = setInterval(() => response.writeProcessing(), 20);
    response.on('close', () => clearInterval(writing));
  }

  it('where a port takes connections and says nothing', async () => {
    const silent = createServer(() => undefined);
    const url = new URL(`http://127.0.0.1:${await listening(silent)}`);
    expect(await failure({ url, withinMs: BRIEFLY_MS })).toBe('timeout');
    silent.close();
  });

  it('where nobody waits any more', async () => {
    issuer.answers = () => undefined;
    const enough = new AbortController();
    const asked = failure({ signal: enough.signal });
    enough.abort();
    expect(await asked).toBe('unreachable ABORT_ERR');
  });
});

it('fails where nobody is', async () => {
  const gone = createServer();
  const url = new URL(`http://127.0.0.1:${await listening(gone)}`);
  await new Promise((resolve) => gone.close(resolve));
  expect(await failure({ url })).toBe('unreachable ECONNREFUSED');
});

it('fails where somebody speaks otherwise', async () => {
  const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  const url = new URL(`http://127.0.0.1:${await listening(other)}`);
  expect(await failure({ url })).toMatch(/^unreachable HPE_/);
  other.close();
});

it('takes the certificates that it was given, and no others', async () => {
  const { ca, cert, key } = testCertificates(['127.0.0.1']);
  const server = createTlsServer({ cert, key }, (_, response) => response.end('{"keys":[]}'));
  const url = new URL(`https://127.0.0.1:${await listening(server)}`);
  expect(await ask({ url, ca })).toMatchObject({ text: '{"keys":[]}' });
  expect(await failure({ url })).toMatch(/^unreachable .*(VERIFY|CERT)/);
  expect(await failure({ url, ca: testCertificates(['127.0.0.1']).ca })).toMatch(/^unreachable /);
  await new Promise((resolve) => server.close(resolve));
});

it('leaves no connection open', async () => {
  await ask();
  issuer.answers = endlessly(Buffer.alloc(64));
  await failure();
  expect(issuer.asked.at(-1)).toMatchObject({ connection: 'close' });
  // A server with a connection that is open would not end.
  const back = await issuer.goAway();
  await back();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
