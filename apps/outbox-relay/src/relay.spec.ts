/** Whole relays on a real bus and a real database, and Nodes that hear only what reaches them. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import type { NatsServer } from '@plexsphere/stack';
import {
  FakeSigner,
  endBus,
  eventually,
  loseDisk,
  startedBus,
  testDatabase,
  type TestDatabase,
} from '@plexsphere/testkit';
import {
  EVENT_STREAM,
  NonceMemory,
  PLATFORM,
  headers as names,
  parseEnvelope,
  publicKeyFromText,
  publicText,
  subjects,
  verifyEnvelope,
  type Chain,
} from '@plexsphere/wire';
import { anchorOfBundle, verifyBundle, walkChain } from '@plexsphere/wire/jws';
import type { NatsConnection } from 'nats';
import { runningRelay, type RunningRelay } from '../testing/running-relay';
import { SeededMesh } from '../testing/seeded-mesh';
import { TestBus, busUsers } from '../testing/test-bus';
import { Claims, type Claim } from './claim/claims';
import { EventStream } from './publish/event-stream';
import { MessageWriter, type OutgoingMessage } from './write/message-writer';
import { ClaimResults } from './publish/claim-results';
import { Publisher } from './publish/publisher';

jest.setTimeout(240_000); // the first run on a machine downloads the server

const DOMAIN = `domain:${randomUUID()}`;

let server: NatsServer;
let bus: TestBus;
let everything: NatsConnection;
let database: TestDatabase;
let relayUrl: string;
let mesh: SeededMesh;
let signer: FakeSigner;
let stopSigner: () => void;
let relays: RunningRelay[];

beforeEach(async () => {
  server = await startedBus(busUsers());
  bus = new TestBus(server.url);
  everything = await bus.asEverything();
  database = await testDatabase({ name: 'store', prepare: migrateStore });
  relayUrl = await database.urlAs('outbox-relay');
  mesh = new SeededMesh(database.url);
  await mesh.ring(PLATFORM, 'p1');
  await mesh.ring(DOMAIN, 'd1');
  signer = new FakeSigner(everything, mesh.rings);
  stopSigner = signer.listen();
  relays = [];
});

afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await bus.close();
  await endBus(server);
  await mesh.close();
  await database.drop();
});

async function relay(options?: { listens: boolean }): Promise<RunningRelay> {
  const started = await runningRelay(await bus.asRelay(), relayUrl, options);
  relays.push(started);
  return started;
}

interface Heard {
  kind: string;
  position?: number;
  sequence: number;
  text: string;
}

/** A Node's one subscription. */
function listenAs(nodeId: string): Heard[] {
  const heard: Heard[] = [];
  everything.subscribe(subjects.nodeEvents(nodeId), {
    callback: (_, message) => {
      const header = (name: string) => message.headers?.get(name) ?? '';
      heard.push({
        kind: header(names.kind),
        sequence: Number(header(names.sequence)),
        ...(header(names.position) !== '' && { position: Number(header(names.position)) }),
        text: message.string(),
      });
    },
  });
  return heard;
}

const say = (subject: string, body: object): void => everything.publish(subject, JSON.stringify(body));
/** Of whoever was told of that epoch of both rings. */
const headsAt = (epoch: number) => ({ ring: mesh.headAt(DOMAIN, epoch), platform: mesh.headAt(PLATFORM, epoch) });
const words = (heard: Heard[]): string[] =>
  heard.map(({ kind, text }) => (kind === 'event' ? parseEnvelope(text).eventType : kind));
const trusted = (keyId: string) => {
  const keys = mesh.rings.all().flatMap((ring) => ring.keys);
  const key = keys.find((each) => each.keyId === keyId);
  if (key === undefined) throw new Error(`no key ${keyId}`);
  return { keyId, publicKey: publicKeyFromText(publicText(key.privateKey)) };
};
const signedBy = ({ text }: Heard): string => {
  const envelope = parseEnvelope(text);
  return verifyEnvelope(envelope, [trusted(envelope.keyId ?? '')], new Date(), new NonceMemory()).keyId;
};
const states = async (nodeId: string) => (await mesh.messages(nodeId)).map(({ state, outcome }) => outcome ?? state);
const allSent = (nodeId: string) => async () => (await states(nodeId)).every((state) => state !== 'unsent');
/** From the mark of its last message, which both times come from. */
async function secondsToRepetition(nodeId: string): Promise<number> {
  const { rows } = await mesh.pool.query<{ seconds: number }>(
    `SELECT round(extract(epoch FROM resend_at - claim_deadline))::int AS seconds
       FROM outbox.node_stream WHERE node_id = $1`,
    [nodeId],
  );
  return rows[0]?.seconds ?? Number.NaN;
}

/** A relay whose loops do not run, to be killed between any two steps. */
async function stoppedRelay() {
  const { get } = await relay({ listens: false });
  const stream = get(EventStream);
  await stream.check();
  const publisher = get(Publisher);
  const { created } = stream;
  return {
    claims: get(Claims),
    results: get(ClaimResults),
    write: (claim: Claim) => get(MessageWriter).write(claim.node, claim.message),
    publish: (outgoing: OutgoingMessage, claim: Claim, deadline = claim.deadline) =>
      publisher.publish(outgoing, { stream: created, lastSequence: claim.node.lastSequence, deadline }),
  };
}

async function onlyClaim(claims: Claims): Promise<Claim> {
  const taken = await claims.take(10);
  expect(taken).toHaveLength(1);
  return taken[0] as Claim;
}

test('two relays deliver everything once, in order, each envelope by a key that was told before', async () => {
  const nodes = await Promise.all(Array.from({ length: 12 }, () => mesh.node(DOMAIN)));
  const heard = new Map(nodes.map((node) => [node, listenAs(node)]));
  await mesh.publish(DOMAIN);
  await Promise.all([relay(), relay()]);
  await eventually(() => [...heard.values()].every(({ length }) => length === 1));
  await mesh.rotate(DOMAIN, 'd2');
  for (let i = 0; i < 5; i++) await mesh.publish(DOMAIN);
  say(subjects.outboxChanged, {});
  await eventually(async () => (await Promise.all(nodes.map((node) => allSent(node)()))).every(Boolean));
  await eventually(() => [...heard.values()].every(({ length }) => length === 7));
  for (const list of heard.values()) {
    expect(words(list)).toEqual(['policy_updated', 'signing_key_rotated', ...Array<string>(5).fill('policy_updated')]);
    expect(list.map(({ position }) => position)).toEqual([1, undefined, 2, 3, 4, 5, 6]);
    expect(list.map(signedBy)).toEqual(['d1', 'd1', 'd2', 'd2', 'd2', 'd2', 'd2']);
    expect(new Set(list.map(({ text }) => parseEnvelope(text).nonce)).size).toBe(7);
    expect(parseEnvelope(list[0]?.text ?? '').payload).toBe('{"a":1.0}');
  }
  // One signature serves many Nodes: at most one a relay and event.
  expect(signer.asked.length).toBeLessThanOrEqual(2 * 7);
});

test('an acknowledgement settles; a malformed one and one from the future change nothing', async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  await relay();
  await mesh.publish(DOMAIN);
  await eventually(() => heard.length === 1);
  say(subjects.nodeAck(node), { epoch: 'one' });
  everything.publish(subjects.nodeAck(node), 'no JSON');
  say(subjects.nodeAck(node), { epoch: 1, platform_epoch: 1, position: 2, heads: headsAt(1) });
  say(subjects.nodeHello(node), { hello_id: 'h1', epoch: 1, platform_epoch: 1, position: 0, heads: headsAt(1) });
  await eventually(() => words(heard).includes('stream_ready'));
  expect((await mesh.stream(node)).settled_position).toBe(0);
  say(subjects.nodeAck(node), { epoch: 1, platform_epoch: 1, position: 1, heads: headsAt(1) });
  await eventually(async () => (await states(node))[0] === 'applied');
});

test('what no word comes of, a chain or not, is sent again after 8 s; to who is away it is not', async () => {
  const [told, away] = [await mesh.node(DOMAIN), await mesh.node(DOMAIN, { present: false })];
  await relay();
  await mesh.publish(DOMAIN);
  await eventually(async () => (await allSent(told)()) && (await allSent(away)()));
  await expect(secondsToRepetition(told)).resolves.toBe(8);
  await expect(secondsToRepetition(away)).resolves.toBeNaN();
  const behind = await mesh.node(DOMAIN);
  for (const keyId of ['d2', 'd3']) {
    await mesh.rotate(DOMAIN, keyId);
    await mesh.closeRotation(DOMAIN);
  }
  say(subjects.outboxChanged, {});
  await eventually(async () => (await mesh.stream(behind)).told_epoch === mesh.of(DOMAIN).epoch);
  await expect(secondsToRepetition(behind)).resolves.toBe(8);
});

test('a Node that slept through rotations gets a chain that holds, then ready, then its events afresh', async () => {
  const node = await mesh.node(DOMAIN, { present: false });
  const anchor = anchorOfBundle(mesh.of(DOMAIN).anchor(), new Date().toISOString());
  const platformKeys = [trusted('p1')];
  await mesh.publish(DOMAIN);
  await relay();
  await eventually(allSent(node));
  for (const keyId of ['d2', 'd3']) {
    await mesh.rotate(DOMAIN, keyId);
    await mesh.closeRotation(DOMAIN);
  }
  const heard = listenAs(node);
  say(subjects.nodeHello(node), { hello_id: 'h1', epoch: 1, platform_epoch: 1, position: 0, heads: headsAt(1) });
  await eventually(() => heard.filter(({ position }) => position === 1).length === 1 && heard.length >= 3);
  expect(words(heard).slice(-3)).toEqual(['chain', 'stream_ready', 'policy_updated']);
  const [chain, ready, event] = heard.slice(-3) as [Heard, Heard, Heard];
  expect(JSON.parse(parseEnvelope(ready.text).payload)).toEqual({
    node_id: node,
    hello_id: 'h1',
    epoch: 5,
    platform_epoch: 1,
    resumes_after: 0,
    last_position: 1,
  });
  expect(parseEnvelope(ready.text).eventId).toMatch(new RegExp(`^${node}/`));
  expect([ready, event].map(signedBy)).toEqual(['d3', 'd3']);
  const { statements, platform_statements, bundle } = JSON.parse(chain.text) as Chain;
  expect(platform_statements).toEqual([]);
  const walked = walkChain(DOMAIN, statements, anchor, () => undefined);
  const trust = await verifyBundle(bundle, platformKeys, new Date());
  expect(trust).toMatchObject({ epoch: 5, statement_hash: walked.statementHash });
});

test('where no signer can open the key that a Node holds, the statements prove themselves', async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  await mesh.rotate(DOMAIN, 'd2');
  signer.unopened.add('d1');
  await relay();
  await eventually(() => heard.length === 1);
  expect(words(heard)).toEqual(['chain']);
  expect((JSON.parse(heard[0]?.text ?? '') as Chain).statements).toEqual(mesh.of(DOMAIN).statementsSince(1));
  await eventually(async () => (await mesh.stream(node)).told_epoch === 2);
});

test("a Domain's Nodes hear of the platform's new key by their own Domain's key", async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  await relay();
  await mesh.rotate(PLATFORM, 'p2');
  await eventually(() => heard.length === 1);
  expect(words(heard)).toEqual(['platform_key_rotated']);
  expect(signedBy(heard[0] as Heard)).toBe('d1');
  await eventually(async () => (await mesh.stream(node)).told_platform_epoch === 2);
});

test('without a signer everything waits unsent, and goes out when there is one', async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  stopSigner();
  await relay();
  await mesh.publish(DOMAIN);
  await eventually(async () => (await mesh.stream(node)).attempt >= 1);
  expect(await states(node)).toEqual(['unsent']);
  signer.listen();
  await eventually(() => heard.length === 1);
});

test('a late publish of a relay that lost its claim never reaches the Node', async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  const slow = await stoppedRelay();
  await mesh.publish(DOMAIN);
  const claim = await onlyClaim(slow.claims);
  const outgoing = await slow.write(claim);
  await mesh.set(node, `claim_deadline = clock_timestamp()`);
  await relay();
  await eventually(allSent(node));
  const outcome = await slow.publish(outgoing, claim);
  expect(outcome).toMatchObject({ kind: 'other_sequence' });
  const found = outcome.kind === 'other_sequence' ? outcome.sequence : 0;
  await expect(slow.results.otherSequence(claim.node, found)).resolves.toBe(false);
  await everything.flush();
  expect(heard.map(({ position }) => position)).toEqual([1]);
});

test('a publish whose answer was lost is recognised by its message id', async () => {
  await mesh.node(DOMAIN);
  const one = await stoppedRelay();
  await mesh.publish(DOMAIN);
  const claim = await onlyClaim(one.claims);
  const outgoing = await one.write(claim);
  const first = await one.publish(outgoing, claim);
  await expect(one.publish(outgoing, claim)).resolves.toEqual(first);
  // Beyond the window of de-duplication, too: then the stream's last message says so.
  const manager = await everything.jetstreamManager();
  await server.stop();
  await server.start();
  await eventually(async () => (await manager.streams.info(EVENT_STREAM.name)).state.messages === 1);
  await expect(one.publish(outgoing, claim, performance.now() + 5_000)).resolves.toEqual(first);
});

test('a relay that dies between publish and mark: another takes over, and the Node ends with each event once', async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  const dead = await stoppedRelay();
  await mesh.publish(DOMAIN);
  await mesh.publish(DOMAIN);
  const claim = await onlyClaim(dead.claims);
  await expect(dead.publish(await dead.write(claim), claim)).resolves.toMatchObject({ kind: 'stored' });
  await mesh.set(node, `claim_deadline = clock_timestamp()`);
  await relay();
  await eventually(allSent(node));
  await eventually(() => heard.at(-1)?.position === 2);
  expect(heard.map(({ position }) => position)).toEqual([1, 1, 2]);
  expect(new Set(heard.slice(0, 2).map(({ text }) => parseEnvelope(text).eventId)).size).toBe(1);
  const manager = await everything.jetstreamManager();
  const { state } = await manager.streams.info(EVENT_STREAM.name);
  expect(state.messages).toBe(1);
  await expect(mesh.stream(node)).resolves.toMatchObject({ last_sequence: state.last_seq, last_position: 2 });
});

test.each(['deleted', 'lost with the disk'])('the stream is %s: what is not settled is sent again', async (how) => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  await Promise.all([relay(), relay()]);
  await mesh.publish(DOMAIN);
  await mesh.rotate(DOMAIN, 'd2');
  await mesh.publish(DOMAIN);
  await eventually(() => heard.at(-1)?.position === 2);
  say(subjects.nodeAck(node), { epoch: 1, platform_epoch: 1, position: 1, heads: headsAt(1) });
  await eventually(async () => (await states(node))[0] === 'applied');
  heard.length = 0;
  if (how === 'deleted') {
    await (await everything.jetstreamManager()).streams.delete(EVENT_STREAM.name);
  } else {
    await server.stop();
    await loseDisk(server);
    await server.start();
  }
  await mesh.publish(DOMAIN);
  await eventually(() => heard.at(-1)?.position === 3);
  expect(words(heard).slice(-3)).toEqual(['signing_key_rotated', 'policy_updated', 'policy_updated']);
  expect(heard.map(({ position }) => position).filter((position) => position !== undefined)).not.toContain(1);
});

test('the stream is as it must be, and a relay has no right to more than it needs', async () => {
  const { health } = await relay();
  await eventually(() => health.reasons().length === 0);
  const { config } = await (await everything.jetstreamManager()).streams.info(EVENT_STREAM.name);
  expect(config).toMatchObject({
    subjects: ['events.*.*'],
    storage: 'file',
    max_msgs_per_subject: 1,
    max_age: 0,
    discard: 'old',
    duplicate_window: 120_000_000_000,
    allow_direct: false,
    republish: { src: 'events.*.*', dest: 'node.{{wildcard(2)}}.{{wildcard(1)}}' },
  });
});

test('a relay that stops finishes what it has in flight and owns nothing any more', async () => {
  const nodes = await Promise.all(Array.from({ length: 40 }, () => mesh.node(DOMAIN)));
  const stopping = await relay();
  for (let i = 0; i < 10; i++) await mesh.publish(DOMAIN);
  await eventually(async () => (await mesh.stream(nodes[0] as string)).last_position > 0);
  relays = [];
  await stopping.stop();
  const { rows } = await mesh.pool.query<{ owned: number; unplaced: number }>(
    `SELECT count(*) FILTER (WHERE claim_owner IS NOT NULL)::int AS owned FROM outbox.node_stream`,
  );
  expect(rows[0]?.owned).toBe(0);
  await relay();
  await eventually(async () => (await Promise.all(nodes.map((node) => allSent(node)()))).every(Boolean));
});

test('a publish for a stream that is gone is not made on the next one, whatever sequence fits', async () => {
  const node = await mesh.node(DOMAIN);
  const heard = listenAs(node);
  const slow = await stoppedRelay();
  await mesh.publish(DOMAIN);
  const claim = await onlyClaim(slow.claims);
  const outgoing = await slow.write(claim);
  const manager = await everything.jetstreamManager();
  await manager.streams.delete(EVENT_STREAM.name);
  // Its own sequence, 0, is what the new stream has.
  await expect(slow.publish(outgoing, claim)).resolves.toEqual({ kind: 'unknown' });
  await everything.flush();
  expect(heard).toEqual([]);
  await expect(mesh.stream(node)).resolves.toMatchObject({ claim_owner: null, last_sequence: 0 });
});
