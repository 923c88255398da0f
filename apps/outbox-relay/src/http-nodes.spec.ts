/** Nodes over HTTP as a relay meets them: words and acknowledgements of gateways, on a real bus and a real database. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import {
  headers as names,
  parseEnvelope,
  problem,
  subjects,
  type StreamReady,
  type StreamWord,
} from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { RelayWorld } from '../testing/relay-world';
import { Claims, type Claim } from './claim/claims';
import { Delivery } from './delivery';
import { EventStream } from './publish/event-stream';
import { WordBatches } from './settle/word-batches';

jest.setTimeout(240_000);

let world: RelayWorld;
let everything: NatsConnection;
beforeEach(async () => {
  world = await RelayWorld.create();
  everything = await world.bus.asEverything();
});
afterEach(() => world.end());

interface Heard {
  type: string;
  keyId: string | undefined;
  headers: Record<string, string>;
  payload: string | null;
}

/** What gateways hear for a Node; and what one of its kind would on the bus. */
function listenAs(nodeId: string): { http: Heard[]; bus: string[] } {
  const heard = { http: [] as Heard[], bus: [] as string[] };
  const on = (subject: string, callback: (text: string, header: (name: string) => string) => void) =>
    everything.subscribe(subject, {
      callback: (_, message) => callback(message.string(), (name) => message.headers?.get(name) ?? ''),
    });
  on(subjects.nodeEvents(nodeId), (text) => heard.bus.push(text));
  on(subjects.httpEvents(nodeId), (text, header) => {
    const { eventType: type, keyId, payload } = parseEnvelope(text);
    const shown = ['kind', 'position', 'trustEpoch', 'from', 'helloId', 'eventType', 'issuedAt'] as const;
    heard.http.push({
      type,
      keyId,
      payload,
      headers: Object.fromEntries(shown.map((name) => [name, header(names[name])])),
    });
  });
  return heard;
}

const say = (subject: string, body: object): void => everything.publish(subject, JSON.stringify(body));

async function word(nodeId: string, said: Partial<StreamWord>): Promise<void> {
  const whole: StreamWord = {
    ...{ hello_id: null, epoch: 1, is_proven: false, position: null, waits: false, read_at: await world.mesh.now() },
    ...said,
  };
  say(subjects.httpWord(nodeId), whole);
}

const until = (condition: () => boolean | Promise<boolean>, describe: string) =>
  eventually(async () => condition(), { describe, timeoutMs: 60_000 });

test('a Node that reads no statement: word, news of keys, ready, events; each says what its gateway has to know', async () => {
  await world.relay();
  const { mesh, domain } = world;
  const node = await mesh.httpNode(domain);
  const heard = listenAs(node);
  await mesh.publish(domain, '{"first":1.0}');
  await word(node, { hello_id: 's-1', is_proven: true });
  await until(() => heard.http.length === 2, 'the ready and the event');
  expect(heard.http.map(({ type, headers }) => [type, headers['helloId']])).toEqual([
    ['stream_ready', 's-1'],
    ['policy_updated', ''],
  ]);
  // What a slow machine claims in vain leaves its position out.
  const positions = (): number[] => heard.http.map(({ headers }) => Number(headers['position']));
  const [at = 0, next = 0] = positions();
  expect(at).toBeGreaterThan(0);
  expect(next).toBeGreaterThan(at);
  const ready = JSON.parse(heard.http[0]?.payload ?? '') as StreamReady;
  expect(ready).toMatchObject({ node_id: node, hello_id: 's-1', epoch: 1, resumes_after: at, last_position: at });
  await mesh.rotate(domain, 'd2');
  say(subjects.outboxChanged, {});
  await until(() => heard.http.length === 4, 'the announcement and its ready');
  expect(heard.http.slice(2)).toEqual([
    {
      ...{ type: 'signing_key_rotated', keyId: 'd1', payload: expect.any(String) },
      headers: {
        ...{ kind: 'event', position: '', trustEpoch: '2', from: '1', helloId: '' },
        ...{ eventType: 'signing_key_rotated', issuedAt: expect.stringMatching(/Z$/) },
      },
    },
    {
      ...{ type: 'stream_ready', keyId: 'd2', payload: expect.any(String) },
      headers: {
        ...{ kind: 'event', position: expect.any(String), trustEpoch: '2', from: '', helloId: '' },
        ...{ eventType: 'stream_ready', issuedAt: expect.stringMatching(/Z$/) },
      },
    },
  ]);
  const last = positions()[3] ?? 0;
  expect(last).toBeGreaterThan(next);
  // It comes back with the id of the ready: it holds the new key, and has taken the event.
  await word(node, { epoch: 2, is_proven: true, position: last });
  await until(async () => (await mesh.messages(node)).every(({ state }) => state === 'settled'), 'all of it settled');
  await expect(mesh.stream(node)).resolves.toMatchObject({ settled_epoch: 2, settled_position: last });
  expect(heard.http).toHaveLength(4);
  expect(heard.bus).toEqual([]);
});

test('what was claimed before a word is let go: it is neither published nor marked', async () => {
  const { mesh, domain } = world;
  const { get } = await world.relay({ listens: false });
  const [stream, claims, delivery, words] = [get(EventStream), get(Claims), get(Delivery), get(WordBatches)];
  await stream.check();
  const node = await mesh.httpNode(domain);
  const heard = listenAs(node);
  const says = async (helloId: string) =>
    words.word({
      ...{ nodeId: node, helloId, epoch: 1, isProven: true, position: null, waits: false },
      readAt: await mesh.now(),
    });
  /** Claims, delivers, and says what was published: so many. */
  const next = async (count: number, meanwhile: () => Promise<unknown> = async () => undefined): Promise<unknown[]> => {
    const { length } = heard.http;
    const taken: Claim[] = [];
    await until(async () => taken.push(...(await claims.take(1))) === 1, 'what is due');
    await meanwhile();
    for (const claim of taken) await delivery.deliver(claim, stream.created);
    await until(() => heard.http.length >= length + count, 'what was published');
    return heard.http.slice(length).map(({ type, headers }) => [type, headers['position'], headers['helloId']]);
  };
  await says('s-1');
  expect(await next(1)).toEqual([['stream_ready', '1', 's-1']]);
  await mesh.publish(domain);
  expect(await next(0, () => says('s-2'))).toEqual([]);
  expect(await mesh.messages(node)).toMatchObject([{ state: 'unsent' }]);
  expect(await next(1)).toEqual([['stream_ready', '3', 's-2']]);
  expect(await next(1)).toEqual([['policy_updated', '4', '']]);

  // What was claimed in vain keeps its place before what was published after it.
  await mesh.publish(domain);
  expect(await next(1)).toEqual([['policy_updated', '5', '']]);
  await says('s-3');
  expect(await next(1)).toEqual([['stream_ready', '6', 's-3']]);
  expect(await next(0, () => says('s-4'))).toEqual([]);
  expect(await next(1)).toEqual([['stream_ready', '8', 's-4']]);
  expect(await next(1)).toEqual([['policy_updated', '9', '']]);
  expect(await mesh.messages(node)).toMatchObject([
    { state: 'sent', position: 9 },
    { state: 'unsent', position: 5 },
  ]);
});

test('where nobody announces by the key that it holds it waits, is not asked for again and again, and a state heals it', async () => {
  await world.relay();
  const { mesh, domain, signer } = world;
  const node = await mesh.httpNode(domain);
  const heard = listenAs(node);
  await word(node, { hello_id: 's-1', is_proven: true });
  await until(() => heard.http.length === 1, 'the ready');
  signer.unopened.add('d1');
  await mesh.rotate(domain, 'd2');
  await mesh.publish(domain);
  say(subjects.outboxChanged, {});
  await until(async () => (await mesh.stream(node)).waits_since !== null, 'it waits');
  const { attempt } = await mesh.stream(node);
  // Whatever else would be due to it: another Node is served meanwhile, and this one is not looked at.
  const other = await mesh.httpNode(domain);
  const heardByOther = listenAs(other);
  await word(other, { hello_id: 'o-1', epoch: 2, is_proven: true });
  await mesh.publish(domain);
  await until(() => heardByOther.http.length === 2, 'what is due to another');
  expect(await mesh.stream(node)).toMatchObject({ attempt, told_epoch: 1, settled_epoch: 1, claim_owner: null });
  expect(heard.http).toHaveLength(1);
  await word(node, { hello_id: 's-2', epoch: 2, is_proven: true });
  await until(() => heard.http.length === 4, 'the ready and both events');
  expect(heard.http.slice(1).map(({ type, keyId }) => [type, keyId])).toEqual([
    ['stream_ready', 'd2'],
    ['policy_updated', 'd2'],
    ['policy_updated', 'd2'],
  ]);
});

test.each([
  ['it has no lease', 'noLease'],
  ['it is at another epoch', 'epochMismatch'],
  ['it did not answer', 'noAnswer'],
] as const)('what a signer may do a moment later makes no Node wait: %s', async (_, refusal) => {
  const { mesh, domain, signer } = world;
  const node = await mesh.httpNode(domain);
  const heard = listenAs(node);
  await mesh.rotate(domain, 'd2');
  await world.relay();
  signer.refusals.push(problem(refusal), problem(refusal));
  await word(node, { hello_id: 's-1' });
  await until(() => heard.http.length === 2, 'the announcement and the ready');
  await expect(mesh.stream(node)).resolves.toMatchObject({ waits_since: null, told_epoch: 2 });
});

test('one with the SDK says hello and acknowledges through its gateway, and is told by statements as on the bus', async () => {
  await world.relay();
  const { mesh, domain } = world;
  const node = await mesh.httpNode(domain, 'sdk');
  const heard = listenAs(node);
  const held = (epoch: number) => ({
    ...{ epoch, platform_epoch: 1 },
    heads: { ring: mesh.headAt(domain, epoch), platform: mesh.headAt('platform', 1) },
  });
  say(subjects.httpHello(node), { hello_id: 'h1', position: 0, ...held(1) });
  await until(() => heard.http.length === 1, 'the answer');
  await mesh.publish(domain);
  await until(() => heard.http.some(({ type }) => type === 'policy_updated'), 'the event');
  expect(heard.http[0]).toMatchObject({ type: 'stream_ready', headers: { position: '', trustEpoch: '' } });
  // On the bus nobody speaks for it; nor a gateway for one on the bus.
  say(subjects.nodeAck(node), { position: 1, ...held(1) });
  const other = await mesh.node(domain);
  say(subjects.httpAck(other), { position: 0, ...held(1) });
  say(subjects.httpAck(node), { position: 1, ...held(1) });
  await until(async () => (await mesh.messages(node)).every(({ state }) => state === 'settled'), 'it is applied');
  expect(heard.bus).toEqual([]);
});

test('malformed words and calls change nothing', async () => {
  await world.relay();
  const { mesh, domain } = world;
  const node = await mesh.httpNode(domain);
  const before = await mesh.stream(node);
  const read_at = await mesh.now();
  const good = { hello_id: 'h', epoch: 1, is_proven: true, position: null, waits: false, read_at };
  for (const bad of [
    ...[null, [], 'text', {}, { ...good, epoch: 0 }, { ...good, epoch: '1' }, { ...good, hello_id: 'a b' }],
    ...[
      { ...good, position: -1 },
      { ...good, waits: 1 },
      { ...good, is_proven: undefined },
    ],
    ...[
      { ...good, read_at: '2026-01-01' },
      { ...good, read_at: '2026-13-01T00:00:00.000000Z' },
    ],
  ])
    everything.publish(subjects.httpWord(node), JSON.stringify(bad));
  for (const bad of [{}, { nodes: 'x' }, { nodes: [node, 'x'] }, { nodes: [], streams: {} }])
    say(subjects.httpCalled, bad);
  say(subjects.httpCalled, { nodes: [node], streams: [node] });
  await until(async () => (await mesh.stream(node)).last_seen_at !== null, 'the call that is one');
  expect({ ...(await mesh.stream(node)), last_seen_at: null }).toEqual(before);
});

test('calls are written down once, however many gateways say so, and of nobody who is not over HTTP', async () => {
  await world.relay();
  const { mesh, domain } = world;
  const nodes = await Promise.all(Array.from({ length: 20 }, () => mesh.httpNode(domain)));
  const onBus = await mesh.node(domain, { present: false });
  const written = async () =>
    (await mesh.pool.query<{ xmin: string }>('SELECT xmin::text FROM outbox.node_stream ORDER BY node_id')).rows;
  say(subjects.httpCalled, { nodes: [...nodes, onBus, randomUUID()], streams: nodes.slice(0, 5) });
  await until(async () => (await mesh.stream(nodes[19]!)).last_seen_at !== null, 'the calls');
  const before = await written();
  say(subjects.httpCalled, { nodes, streams: nodes.slice(0, 5) });
  say(subjects.httpCalled, { nodes: nodes.slice(3), streams: nodes.slice(5, 6) });
  await until(async () => {
    const { rows } = await mesh.pool.query(
      `SELECT FROM outbox.node_stream WHERE node_id = $1 AND stream_seen_at IS NOT NULL`,
      [nodes[5]],
    );
    return rows.length === 1;
  }, 'the stream of the sixth');
  const after = await written();
  expect(after.filter(({ xmin }, index) => xmin !== before[index]?.xmin)).toHaveLength(1);
  await expect(mesh.stream(onBus)).resolves.toMatchObject({ last_seen_at: null });
});
