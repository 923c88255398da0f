// What a Node with the SDK gets over HTTP, of a whole gateway: relays are played.
import { randomUUID } from 'node:crypto';
import { headers as names, helloHeaders, subjects, type Hello } from '@plexsphere/wire';
import { eventually } from '@plexsphere/testkit';
import { headers as natsHeaders } from 'nats';
import { DOMAIN, GatewayWorld, type TestNode } from '../../testing/gateway-world';
import { ReadStream } from '../../testing/read-stream';

let world: GatewayWorld;
let node: TestNode;
let sequence: number;
const hellos: { nodeId: string; hello: Hello }[] = [];
const streams: ReadStream[] = [];

beforeAll(async () => {
  world = await GatewayWorld.make();
  world.others.subscribe(subjects.httpHello('*'), {
    callback: (_, message) => hellos.push({ nodeId: message.subject.split('.')[1]!, hello: message.json<Hello>() }),
  });
}, 60_000);
afterAll(() => world.end());

beforeEach(async () => {
  node = await world.addNode(DOMAIN, { listens: 'sdk' });
  sequence = 0;
});
afterEach(() => streams.splice(0).forEach((stream) => stream.close()));

const heads = { ring: 'A'.repeat(43), platform: 'B'.repeat(43) };
const hello = (): Hello => ({ hello_id: randomUUID(), epoch: 3, platform_epoch: 2, position: 7, heads });
const path = (route: string): string => `/v1/nodes/${node.id}/${route}`;

async function open(said = hello(), more: Record<string, string> = {}): Promise<ReadStream> {
  const stream = await ReadStream.open(world.url, node, { ...helloHeaders(said), ...more });
  streams.push(stream);
  return stream;
}

const hellosOf = () => hellos.filter(({ nodeId }) => nodeId === node.id).map((each) => each.hello);

/** As the stream republishes what a relay has put on it. */
function publish(body: string, more: Record<string, string> = {}): void {
  const headers = natsHeaders();
  const all = {
    ...{ [names.kind]: 'event', [names.lastSequence]: `${sequence}`, [names.sequence]: `${(sequence += 1)}` },
    ...more,
  };
  for (const [name, value] of Object.entries(all)) headers.set(name, value);
  world.others.publish(subjects.httpEvents(node.id), body, { headers });
}

const has = (stream: ReadStream, count: number) =>
  eventually(() => stream.events.length >= count, { describe: `${count} events on the stream` });
const ends = (stream: ReadStream) => eventually(() => stream.isEnded, { describe: 'the end of the stream' });

test('the hello of its request goes on to the relays, once the stream hears what answers it', async () => {
  const said = hello();
  world.others.subscribe(subjects.httpHello(node.id), { max: 1, callback: () => publish('the answer') });
  await world.others.flush();
  const stream = await open(said);
  await has(stream, 1);
  expect(hellosOf()).toEqual([said]);
  expect(stream.events).toEqual([{ event: 'event', data: 'the answer' }]);
});

test('all that a relay sends goes through, in order and untouched; an id has what has a position', async () => {
  const stream = await open();
  publish('{"bundle":"b"}', { [names.kind]: 'chain' });
  publish('{"event_type":"stream_ready"}');
  publish('{"event_type":"signing_key_rotated","n":"é\\u2028"}');
  publish('{"event_type":"route_updated"}', { [names.position]: '8' });
  publish('of a kind of later times', { [names.kind]: 'later' });
  await has(stream, 5);
  expect(stream.events).toEqual([
    { event: 'chain', data: '{"bundle":"b"}' },
    { event: 'event', data: '{"event_type":"stream_ready"}' },
    { event: 'event', data: '{"event_type":"signing_key_rotated","n":"é\\u2028"}' },
    { id: '8', event: 'event', data: '{"event_type":"route_updated"}' },
    { event: 'later', data: 'of a kind of later times' },
  ]);
});

test('a hole ends the stream before what came behind it', async () => {
  const stream = await open();
  publish('1');
  sequence += 1;
  publish('3');
  await ends(stream);
  expect(stream.events.map(({ data }) => data)).toEqual(['1']);
});

test('a chain as long as a message of the bus can be goes through', async () => {
  const stream = await open();
  const chain = 'c'.repeat(1_000_000);
  for (let part = 0; part < 3; part += 1) publish(chain, { [names.kind]: 'chain' });
  await has(stream, 3);
  expect(stream.events.map(({ data }) => data?.length)).toEqual([1_000_000, 1_000_000, 1_000_000]);
});

describe('an answer that is to be short', () => {
  test('ends once nothing follows what is new', async () => {
    const stream = await open(hello(), { prefer: 'wait=25' });
    publish('the answer to its hello');
    publish('news');
    await ends(stream);
    expect(stream.events.map(({ data }) => data)).toEqual(['the answer to its hello', 'news']);
  });

  test('ends in time where nothing is', async () => {
    const sinceMs = performance.now();
    const stream = await open(hello(), { prefer: 'respond-async, wait=2' });
    publish('the answer to its hello');
    await ends(stream);
    expect(performance.now() - sinceMs).toBeGreaterThan(2_000);
    expect(stream.events).toHaveLength(1);
  });
});

describe('what is no hello', () => {
  const without = (name: string) =>
    Object.fromEntries(Object.entries(helloHeaders(hello())).filter(([each]) => each !== name));

  test.each([
    ['plexsphere-hello-id', 'hello_id'],
    ['plexsphere-epoch', 'epoch'],
    ['plexsphere-platform-epoch', 'platform_epoch'],
    ['plexsphere-position', 'position'],
    ['plexsphere-ring-head', 'heads'],
    ['plexsphere-platform-head', 'heads'],
  ])('without %s', async (name, field) => {
    for (const headers of [without(name), { ...helloHeaders(hello()), [name]: 'not one' }]) {
      const response = await world.as(node, path('events'), { headers });
      expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ field })]);
    }
    expect(hellosOf()).toEqual([]);
  });
});

test('a hello beside an open stream goes on as it is, and what is none does not', async () => {
  const said = hello();
  const post = (body: object) => world.post(path('hello'), body, { authorization: `Bearer ${node.secret}` });
  expect((await post({ ...said, hello_id: 'a b' })).status).toBe(400);
  expect((await post({ ...said, heads: {} })).status).toBe(400);
  expect((await post({ ...said, unknown: 1 })).status).toBe(204);
  await eventually(() => hellosOf().length === 1, { describe: 'the hello at the relays' });
  expect(hellosOf()).toEqual([said]);
});

test('who is removed is told so, and who is wrong', async () => {
  const headers = helloHeaders(hello());
  expect((await world.as({ secret: 'wrong' }, path('events'), { headers })).status).toBe(401);
  await world.query(`UPDATE ring.node SET state = 'removed' WHERE id = $1`, [node.id]);
  expect((await world.as(node, path('events'), { headers })).status).toBe(403);
});

test('a bus that was away ends the stream, since something may be missing', async () => {
  const stream = await open();
  publish('before');
  await has(stream, 1);
  await world.bus.kill();
  await world.bus.start();
  await ends(stream);
  await eventually(() => open().then(() => true), { describe: 'another stream' });
  // Who publishes here has to be back as well, or the next test's first word is lost.
  await world.others.flush();
}, 60_000);

test('a Node has four streams at most: the oldest ends for the fifth', async () => {
  const [oldest, ...others] = [await open(), await open(), await open(), await open()];
  publish('to four');
  await Promise.all([oldest!, ...others].map((stream) => has(stream, 1)));
  const fifth = await open();
  await ends(oldest!);
  publish('to the newest');
  await Promise.all([...others, fifth].map((stream) => eventually(() => stream.text.includes('to the newest'))));
  expect([...others, fifth].map(({ isEnded }) => isEnded)).toEqual([false, false, false, false]);
});
