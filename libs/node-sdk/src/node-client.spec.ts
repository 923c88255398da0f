/** On a real nats-server: what the server itself adds, drops and republishes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'nats';
import { eventually, type NatsServer } from '@plexsphere/stack';
import { dialOptions, readBusCredential } from '@plexsphere/bus-client';
import {
  busCredentialText,
  endBus,
  loseDisk,
  RogueServer,
  startedBus,
  testBus,
  testCertificates,
} from '@plexsphere/testkit';
import { BEARER, FakeGateway } from '../testing/fake-gateway';
import { FakeRelay } from '../testing/fake-relay';
import { TestMesh } from '../testing/test-mesh';
import { parseEnrolment, type BusEnrolment, type Enrolment } from './enrolment/enrolment';
import { NodeClient } from './node-client';
import type { NodeEvent } from './node-observer';

jest.setTimeout(240_000); // the first run on a machine downloads the server

let folder: string;
let server: NatsServer;
let mesh: TestMesh;
let enrolment: BusEnrolment;
let relay: FakeRelay;
let node: NodeClient;
let handled: NodeEvent[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  server = await testBus();
});

afterAll(async () => {
  await endBus(server);
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await server.start();
  mesh = await TestMesh.create(new Date());
  const bus = { servers: [`${server.host}:${server.port}`], bus_credential: busCredentialText() };
  enrolment = parseEnrolment(await mesh.enrolment(new Date(), bus)) as BusEnrolment;
  relay = await FakeRelay.connect(server.url, mesh);
  handled = [];
});

afterEach(async () => {
  await relay.close();
  await server.stop();
  await loseDisk(server);
  await rm(join(folder, 'node'), { recursive: true, force: true });
});

const handledIds = () => handled.map(({ eventId }) => eventId);
const outboxIds = () => relay.outbox.map(({ eventId }) => eventId);
const settledAll = () => eventually(() => relay.settled === relay.outbox.length);

describe.each(['on the bus', 'over HTTP'])('%s', (how) => {
  let gateway: FakeGateway;
  let joined: Enrolment;
  /** Over HTTP a hello is under way for longer, and may be said again on a machine that has much to do. */
  const once = (): unknown => (how === 'on the bus' ? 1 : expect.any(Number));

  const newNode = (): NodeClient =>
    new NodeClient({
      enrolment: joined,
      storeDir: join(folder, 'node'),
      handler: async (event) => void handled.push(event),
    });

  beforeEach(async () => {
    gateway = await FakeGateway.start(server.url, mesh.nodeId);
    const http = await mesh.httpEnrolment(new Date(), { gateways: [gateway.url], bearer: BEARER });
    joined = how === 'on the bus' ? enrolment : parseEnrolment(http);
    node = newNode();
  });

  afterEach(async () => {
    await node.stop();
    await gateway.close();
  });

  test('events over a rotation, each once, in order, acknowledged', async () => {
    await node.start();
    await node.ready();
    for (let n = 0; n < 20; n += 1) await relay.publish();
    await mesh.ring.rotate('key-2', new Date());
    await relay.announce(mesh.ring.rotatedEvent(new Date()));
    for (let n = 0; n < 20; n += 1) await relay.publish();
    await settledAll();
    expect(handledIds()).toEqual(outboxIds());
    expect(relay.acks.at(-1)).toMatchObject({ epoch: 2, position: 40 });
    expect(node.counts).toMatchObject({ applied: 40, keyChanges: 1, hellos: once(), refused: {} });
  });

  test('a Node that slept comes back, and a stopped one has let go of its store', async () => {
    await node.start();
    await node.ready();
    await relay.publish();
    await settledAll();
    await node.stop();
    for (const keyId of ['key-2', 'key-3']) await mesh.ring.rotate(keyId, new Date());
    for (let n = 0; n < 5; n += 1) await relay.publish();
    node = newNode();
    await node.start();
    await settledAll();
    expect(handledIds()).toEqual(outboxIds());
    expect(relay.hellos.at(-1)).toMatchObject({ epoch: 1, position: 1 });
    expect(node.counts.keyChanges).toBe(1);
    expect(relay.acks.at(-1)).toMatchObject({ epoch: mesh.ring.epoch, position: node.position });
  });

  test('a bus that is away at the start is waited for', async () => {
    await server.kill();
    await node.start();
    await server.start();
    await node.ready();
    expect(relay.hellos.length).toEqual(once());
  });

  test.each(['is killed', 'loses its disk'])(
    'when the bus %s the Node asks anew, and nothing is applied twice',
    async (what) => {
      await node.start();
      await node.ready();
      for (let n = 0; n < 5; n += 1) await relay.publish();
      await settledAll();
      await server.kill();
      if (what === 'loses its disk') await loseDisk(server);
      const lost = relay.publish();
      await server.start();
      await eventually(() => relay.makeStream().then(() => true));
      await lost;
      await relay.publish();
      await settledAll();
      expect(handledIds()).toEqual(outboxIds());
      expect(relay.hellos.length).toBeGreaterThan(1);
    },
  );
});

test('S15: a rogue bus gets nothing signed, and the Node says why it does not come in', async () => {
  const rogue = new RogueServer({ nonce: `${Buffer.from('{"alg":"EdDSA"}').toString('base64url')}.e30` });
  const reasons: object[] = [];
  const logger = { info: () => undefined, warn: (fields: object) => void reasons.push(fields), error: () => undefined };
  const lured = new NodeClient({
    enrolment: { ...enrolment, servers: [await rogue.start()] },
    storeDir: join(folder, 'lured'),
    handler: () => Promise.resolve(),
    logger,
  });
  await lured.start();
  await eventually(() => rogue.connections >= 2);
  expect(rogue.heard).toBe('');
  expect(reasons[0]).toEqual({ reason: expect.stringContaining('no nonce of the bus') });
  await lured.stop();
  await rogue.stop();
});

test('S4: a Node does not start towards a bus that its credential must not be shown to', async () => {
  const nodeOf = (servers: string[], allowPlaintext = false) =>
    new NodeClient({
      enrolment: { ...enrolment, servers },
      storeDir: join(folder, 'exposed'),
      handler: () => Promise.resolve(),
      allowPlaintext,
    });
  await expect(nodeOf(['192.0.2.1:4222']).start()).rejects.toMatchObject({ code: 'plaintext_beyond_loopback' });
  // The store was given back: the next one opens it. 192.0.2.0/24 is nobody's (RFC 5737).
  const insisting = nodeOf(['192.0.2.1:4222'], true);
  await insisting.start();
  await insisting.stop();
});

test('what a client is asked before it runs, twice, or after it was stopped is refused by its code', async () => {
  const nobody = new NodeClient({
    enrolment: { ...enrolment, servers: ['127.0.0.1:1'] },
    storeDir: join(folder, 'alone'),
    handler: () => Promise.resolve(),
  });
  const refused = (code: string) => expect.objectContaining({ name: 'NodeSdkError', code });
  await expect(nobody.ready()).rejects.toEqual(refused('not_started'));
  expect(() => nobody.position).toThrow(refused('not_started'));
  await nobody.start();
  expect(nobody.trusts).toMatchObject({ epoch: 1, keyIds: ['key-1'] });
  await expect(nobody.start()).rejects.toEqual(refused('already_started'));
  const ready = expect(nobody.ready()).rejects.toEqual(refused('stopped'));
  await nobody.stop();
  await ready;
  const without = new NodeClient({
    enrolment: { ...enrolment, busCredential: 'none' },
    storeDir: join(folder, 'alone'),
    handler: () => Promise.resolve(),
  });
  await expect(without.start()).rejects.toEqual(refused('bad_credential'));
});

test('S4: a Node greets over TLS by the certificates of its enrolment, and by no others', async () => {
  const { ca, cert, key } = testCertificates(['127.0.0.1']);
  const pathOf = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return JSON.stringify(join(folder, name));
  };
  const files = `cert_file: ${await pathOf('cert.pem', cert)}, key_file: ${await pathOf('key.pem', key)}`;
  const secure = await startedBus(`tls { ${files} }`);
  const servers = [`tls://${secure.host}:${secure.port}`];
  const own = { credential: () => readBusCredential(busCredentialText()), inboxPrefix: '_INBOX.relay', name: 'relay' };
  const listener = await connect(dialOptions({ servers, ca, ...own }));
  const hellos: string[] = [];
  listener.subscribe('node.*.hello', { callback: (_, message) => void hellos.push(message.subject) });
  await listener.flush();
  const warnings: object[] = [];
  const logger = {
    info: () => undefined,
    warn: (fields: object) => void warnings.push(fields),
    error: () => undefined,
  };
  const text = await mesh.enrolment(new Date(), { servers, bus_credential: busCredentialText(), bus_ca: ca });
  const enrolled = parseEnrolment(text);
  const stranger = { ...enrolled, busCa: testCertificates(['127.0.0.1']).ca };
  const nodeOf = (known: Enrolment, name: string) =>
    new NodeClient({ enrolment: known, storeDir: join(folder, name), handler: () => Promise.resolve(), logger });

  const distrusting = nodeOf(stranger, 'distrusting');
  await distrusting.start();
  await eventually(() => warnings.length > 0);
  await distrusting.stop();
  expect(hellos).toEqual([]);
  const trusting = nodeOf(enrolled, 'trusting');
  await trusting.start();
  await eventually(() => hellos.length > 0);
  await trusting.stop();
  await listener.close();
  await endBus(secure);
});
