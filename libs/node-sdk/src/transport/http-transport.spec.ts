// The way over HTTP by itself: before gateways of which each test says what they answer.
import type { ServerResponse } from 'node:http';
import { eventually, testCertificates } from '@plexsphere/testkit';
import type { Ack, Hello } from '@plexsphere/wire';
import { PlayedGateway, sse, stream, type Asked } from '../../testing/played-gateway';
import { HttpTransport } from './http-transport';
import type { TurnedAway } from '../node-observer';
import type { StreamMessage } from './stream-message';
import { STREAM_TIMES } from './stream-mode';

const NODE = 'b6a35f0e-4f0c-4c4e-9d7e-0f6f6c1d2a10';
const heads = { ring: 'A'.repeat(43), platform: 'B'.repeat(43) };
const ack = (position: number): Ack => ({ epoch: 3, platform_epoch: 2, position, heads });
const hello = (hello_id: string): Hello => ({ hello_id, ...ack(7) });

let gateway: PlayedGateway;
let transport: HttpTransport | undefined;
let running: Promise<void> | undefined;
let stopping: AbortController;
let messages: StreamMessage[];
let told: TurnedAway[];
let said: object[];
let handle: (message: StreamMessage) => Promise<void>;
const others: PlayedGateway[] = [];

beforeEach(() => {
  [messages, told, said, stopping] = [[], [], [], new AbortController()];
  handle = async () => undefined;
});

afterEach(async () => {
  stopping.abort();
  await transport?.close();
  await running;
  [transport, running] = [undefined, undefined];
  gateway.close();
  others.splice(0).forEach((other) => other.close());
});

const OK = (response: ServerResponse): void => void response.writeHead(204).end();

/** Answers a request for a stream by `streams`, the last one for ever; what is posted is taken. */
async function serve(...streams: ((response: ServerResponse, asked: Asked) => void)[]): Promise<void> {
  gateway = await PlayedGateway.start((response, asked) => {
    if (asked.method === 'POST') return OK(response);
    (streams.length > 1 ? streams.shift()! : streams[0]!)(response, asked);
  });
}

function run(times = {}, more: { gateways?: string[]; gatewayCa?: string } = {}): HttpTransport {
  const enrolment = { nodeId: NODE, scope: 'platform' as const, name: 'n', bundle: '', bearer: 'secret', ...more };
  let hellos = 0;
  const made: HttpTransport = new HttpTransport(
    { ...enrolment, gateways: more.gateways ?? [gateway.url] },
    {
      logger: { info: () => undefined, warn: (fields) => said.push(fields), error: () => undefined },
      signal: stopping.signal,
      now: () => new Date(),
      onConnected: () => made.sayHello(hello(`hello-${(hellos += 1)}`)),
      onDisconnected: () => undefined,
      onTurnedAway: (turnedAway) => told.push(turnedAway),
      onMessage: async (message) => {
        await handle(message);
        messages.push(message);
      },
    },
    { ...STREAM_TIMES, ...times },
  );
  transport = made;
  running = made.run();
  return made;
}

const until = (condition: () => boolean, describe: string) => eventually(condition, { describe });
const asked = (count: number) => until(() => gateway.of('events').length >= count, `${count} streams asked for`);

test('a stream is asked for with a hello and the token, and what comes on it is handed over in order', async () => {
  await serve((response) => void stream(response, `${sse('ready')}${sse('first', 8)}event: chain\ndata: {}\n\n`));
  run();
  await until(() => messages.length === 3, 'three messages');
  expect(messages).toEqual([
    { kind: 'event', text: 'ready' },
    { kind: 'event', text: 'first', position: 8 },
    { kind: 'chain', text: '{}' },
  ]);
  expect(gateway.asked[0]).toMatchObject({
    ...{ method: 'GET', route: 'events' },
    headers: {
      authorization: 'Bearer secret',
      ...{ 'plexsphere-hello-id': 'hello-1', 'plexsphere-epoch': '3', 'plexsphere-platform-epoch': '2' },
      ...{ 'plexsphere-position': '7', 'plexsphere-ring-head': heads.ring, 'plexsphere-platform-head': heads.platform },
    },
  });
  expect(gateway.asked[0]?.headers['prefer']).toBeUndefined();
});

test('a hello beside an open stream is posted; one while a stream is being asked for goes with it', async () => {
  await serve((response) => void stream(response, sse('x')));
  run().sayHello(hello('before'));
  await until(() => messages.length === 1, 'the stream');
  expect(gateway.of('hello')).toEqual([]);
  transport?.sayHello(hello('beside'));
  await until(() => gateway.of('hello').length === 1, 'the hello');
  expect(JSON.parse(gateway.of('hello')[0]!.body)).toEqual(hello('beside'));
});

describe('who is not let in', () => {
  test.each([401, 403])('is told by %i, goes on trying, and is told anew after it was in between', async (status) => {
    const no = (response: ServerResponse): void => void response.writeHead(status).end();
    await serve(no, no, (response) => stream(response).end(), no);
    run();
    await until(() => told.length === 2, 'told twice');
    expect(told).toEqual([1, 1].map((attempts) => ({ reason: `${status}`, attempts, since: expect.any(Date) })));
  });

  test('is told by the next stream where it was an acknowledgement that was refused', async () => {
    let isRemoved = false;
    gateway = await PlayedGateway.start((response, { method }) => {
      if (isRemoved) response.writeHead(403).end();
      else if (method === 'POST') OK(response);
      else stream(response, sse('x'));
    });
    run();
    await until(() => messages.length === 1, 'the stream');
    isRemoved = true;
    transport?.acknowledge(ack(8));
    await until(() => told.length === 1, 'told');
  });
});

test('a gateway that asks to be left alone is', async () => {
  await serve(
    (response) => void response.writeHead(429, { 'retry-after': '2' }).end(),
    (response) => void stream(response),
  );
  run();
  await asked(2);
  const [first, second] = gateway.of('events').map(({ atMs }) => atMs);
  expect(second! - first!).toBeGreaterThanOrEqual(1_990);
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['503', (response) => void response.writeHead(503).end('secret'), '503'],
  ['a redirection, which is not followed', (response) => void response.writeHead(302, { location: '/' }).end(), '302'],
  ['a page', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), 'no event stream'],
  ['nothing', (response) => void response.destroy(), 'ECONNRESET'],
  ['a line without an end', (response) => void stream(response, `data: ${'x'.repeat(1_200_000)}`), 'too long'],
])('%s is no stream: the next gateway is asked', async (_, answer, reason) => {
  await serve(answer);
  const other = await PlayedGateway.start((response) => void stream(response, sse('x')));
  others.push(other);
  run({}, { gateways: [gateway.url, other.url] });
  await until(() => messages.length > 0, 'a message');
  // Whichever was asked first: it is asked in its turn when the stream of the other one has ended.
  if (gateway.asked.length === 0) other.close();
  const ofIt = (): object | undefined =>
    said.find((fields) => (fields as { gateway?: string }).gateway === gateway.url);
  await until(() => ofIt() !== undefined, 'the reason');
  expect(ofIt()).toEqual({ reason, gateway: gateway.url });
});

describe('silence', () => {
  test('where nothing comes through twice, short answers are asked for', async () => {
    // Gathers an answer, and passes it on when it has ended.
    await serve((response, { headers }) => {
      if (headers['prefer'] === 'wait=1') stream(response, sse('gathered', 8)).end();
    });
    run({ firstWithinMs: 1_000, waitS: 1 });
    await until(() => messages.length >= 2, 'two short answers');
    expect(
      gateway
        .of('events')
        .slice(0, 4)
        .map(({ headers }) => headers['prefer']),
    ).toEqual([...[undefined, undefined, 'wait=1', 'wait=1']]);
    expect(messages[0]).toEqual({ kind: 'event', text: 'gathered', position: 8 });
  });

  test('headers alone are nothing yet, and after a while streams are asked for again', async () => {
    let isGathered = true;
    await serve((response, { headers }) => {
      if (!isGathered) stream(response, sse('streamed'));
      else if (headers['prefer'] !== undefined) stream(response, sse('gathered')).end();
      else response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    run({ firstWithinMs: 1_000, waitS: 1, shortForMs: 3_000 });
    await until(() => messages.some(({ text }) => text === 'gathered'), 'a short answer');
    isGathered = false;
    const asksForStream = (): boolean => gateway.asked.at(-1)?.headers['prefer'] === undefined;
    await until(() => asksForStream() && messages.at(-1)?.text === 'streamed', 'a stream again');
  });

  test('one gateway that stood still once is no reason', async () => {
    await serve(
      () => undefined,
      (response) => void stream(response).end(),
      () => undefined,
      (response) => void stream(response),
    );
    run({ firstWithinMs: 1_000 });
    await asked(4);
    expect(gateway.of('events').map(({ headers }) => headers['prefer'])).toEqual(Array(4).fill(undefined));
  });

  test('a stream that has gone dead is asked for again; one whose event is being worked on is not dead', async () => {
    await serve((response) => void stream(response, sse('x', 8)));
    let finish: () => void = () => undefined;
    handle = () => new Promise((resolve) => (finish = resolve));
    run({ silenceMs: 300 });
    await asked(1);
    const sinceMs = performance.now();
    await until(() => performance.now() - sinceMs > 900, 'three times as long');
    expect(gateway.of('events')).toHaveLength(1);
    handle = async () => undefined;
    finish();
    await asked(2);
  });
});

describe('acknowledgements', () => {
  test('go one at a time, and of those that wait the newest alone', async () => {
    const waiting: ServerResponse[] = [];
    gateway = await PlayedGateway.start((response, { method }) => {
      if (method === 'GET') stream(response);
      else waiting.push(response);
    });
    run();
    await asked(1);
    for (const position of [1, 2, 3]) transport?.acknowledge(ack(position));
    await until(() => waiting.length === 1, 'the first');
    OK(waiting[0]!);
    await until(() => waiting.length === 2, 'the newest');
    OK(waiting[1]!);
    expect(gateway.of('ack').map(({ body }) => (JSON.parse(body) as Ack).position)).toEqual([1, 3]);
  });

  test('are repeated where they were not taken, but for what will never be', async () => {
    const statuses = [503, 400, 204];
    gateway = await PlayedGateway.start((response, { method }) => {
      if (method === 'GET') stream(response);
      else response.writeHead(statuses.shift() ?? 204).end();
    });
    run();
    await asked(1);
    transport?.acknowledge(ack(1));
    await until(() => gateway.of('ack').length === 2, 'the repetition');
    transport?.acknowledge(ack(2));
    await until(() => gateway.of('ack').length === 3, 'the next one');
    expect(gateway.of('ack').map(({ body }) => (JSON.parse(body) as Ack).position)).toEqual([1, 1, 2]);
  });

  test('what was said last is sent before it closes', async () => {
    await serve((response) => void stream(response, sse('x')));
    const made = run();
    await until(() => messages.length === 1, 'the stream');
    stopping.abort();
    made.acknowledge(ack(9));
    await made.close();
    await running;
    expect(gateway.of('ack')).toHaveLength(1);
  });
});

test('over TLS by the certificates of its enrolment, and by no others', async () => {
  const { ca, cert, key } = testCertificates(['127.0.0.1']);
  gateway = await PlayedGateway.start((response) => void stream(response, sse('x')), { cert, key });
  const stranger = run({}, { gatewayCa: testCertificates(['127.0.0.1']).ca });
  await until(() => said.length > 0, 'a refusal');
  stopping.abort();
  await stranger.close();
  await running;
  expect(gateway.asked).toEqual([]);
  stopping = new AbortController();
  run({}, { gatewayCa: ca });
  await until(() => messages.length === 1, 'a message');
});
