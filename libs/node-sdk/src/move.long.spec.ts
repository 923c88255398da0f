/** A Node goes on by another credential, on a real nats-server, and on the way to it a door that can be shut: the stream does not notice. */
import { connect as dial, createServer, type AddressInfo, type Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBusKey, subjects } from '@plexsphere/wire';
import { busCredentialText, endBus, eventually, startedBus } from '@plexsphere/testkit';
import type { NatsServer } from '@plexsphere/stack';
import { connect, type NatsConnection } from 'nats';
import { BEARER } from '../testing/fake-gateway';
import { FakeRelay } from '../testing/fake-relay';
import { TestMesh } from '../testing/test-mesh';
import { parseEnrolment } from './enrolment/enrolment';
import { NodeClient } from './node-client';
import { silent, type NodeEvent } from './node-observer';
import { BusConnection } from './transport/bus-connection';

jest.setTimeout(240_000); // the first run on a machine downloads the server

const OLD = createBusKey('user');
const NEW = createBusKey('user');
const keyed = ({ seed }: { seed: string }) => busCredentialText('header.claims.signature', seed);

let folder: string;
let server: NatsServer;
let mesh: TestMesh;
let relay: FakeRelay;
let door: Server;
/** Who comes by the door is sent away; who is in already stays. */
let isShut: boolean;
let passed: number;
let node: NodeClient;
let handled: NodeEvent[];
let comes: string[];
let onEvent: () => Promise<void>;
let onOrder: jest.Mock;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  server = await startedBus();
});

afterAll(async () => {
  await endBus(server);
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  mesh = await TestMesh.create(new Date());
  relay = await FakeRelay.connect(server.url, mesh);
  isShut = false;
  passed = 0;
  door = createServer((socket) => {
    if (isShut) return void socket.destroy();
    passed += 1;
    const behind = dial(server.port, server.host);
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const)
      from
        .on('error', () => to.destroy())
        .on('close', () => to.destroy())
        .pipe(to);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  handled = [];
  comes = [];
  onEvent = () => Promise.resolve();
  onOrder = jest.fn();
  node = await newNode();
  await node.start();
  await node.ready();
});

afterEach(async () => {
  await node.stop();
  await relay.close();
  await new Promise((resolve) => door.close(resolve));
});

const enrolled = async () =>
  parseEnrolment(
    await mesh.enrolment(new Date(), {
      servers: [`127.0.0.1:${(door.address() as AddressInfo).port}`],
      bus_credential: keyed(OLD),
    }),
  );

async function newNode(): Promise<NodeClient> {
  return new NodeClient({
    enrolment: await enrolled(),
    storeDir: join(folder, mesh.nodeId),
    handler: async (event) => {
      await onEvent();
      handled.push(event);
    },
    onConnected: () => void comes.push('in'),
    onDisconnected: () => void comes.push('out'),
    onOrder,
  });
}

const handledIds = () => handled.map(({ eventId }) => eventId);
const outboxIds = () => relay.outbox.map(({ eventId }) => eventId);
const settledAll = () => eventually(() => relay.settled === relay.outbox.length);

test('nothing is missed, doubled or asked for again, however often it moves while it hears', async () => {
  let isOver = false;
  const publishing = (async () => {
    while (!isOver) await relay.publish();
  })();
  for (let n = 0; n < 20; n += 1) await node.move(keyed(n % 2 === 0 ? NEW : OLD));
  isOver = true;
  await publishing;
  await settledAll();
  expect(handledIds()).toEqual(outboxIds());
  expect(handled.length).toBeGreaterThan(100);
  expect(node.counts).toMatchObject({ duplicates: 0, hellos: 1, refused: {} });
  expect(comes).toEqual(['in']);
  expect(passed).toBe(21);
});

test('what the first connection has brought is handed over, though the application takes its time', async () => {
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  onEvent = () => held;
  for (let n = 0; n < 10; n += 1) await relay.publish();
  await node.move(keyed(NEW));
  for (let n = 0; n < 10; n += 1) await relay.publish();
  expect(handled).toEqual([]);
  goOn();
  await settledAll();
  expect(handledIds()).toEqual(outboxIds());
  expect(node.counts).toMatchObject({ duplicates: 0, hellos: 1 });
});

test('what was asked by the first connection is answered there, however late', async () => {
  const given = await enrolled();
  if (!('servers' in given)) throw new Error('not on the bus');
  const stop = new AbortController();
  const nothing = () => undefined;
  const isIn = jest.fn();
  const transport = new BusConnection(given, {
    ...{ logger: silent, signal: stop.signal, now: () => new Date(), onConnected: isIn, onDisconnected: nothing },
    ...{ onTurnedAway: nothing, onMessage: () => Promise.resolve(), onOrder: undefined },
  });
  const running = transport.run();
  const platform = await connect({ servers: server.url });
  let answer = (): void => undefined;
  const heard = new Promise<void>((resolve) => {
    platform.subscribe(subjects.nodeChannel(mesh.nodeId), {
      callback: (_, message) => {
        answer = () => void message.respond(JSON.stringify({ rings: [] }));
        resolve();
      },
    });
  });
  try {
    await platform.flush();
    await eventually(() => isIn.mock.calls.length === 1);
    const before = passed;
    const asked = transport.report([]);
    await heard;
    const moved = transport.move(keyed(NEW));
    await eventually(() => passed > before);
    answer();
    await expect(asked).resolves.toEqual({ kind: 'answered', reply: { rings: [] } });
    await moved;
  } finally {
    stop.abort();
    await transport.close();
    await Promise.all([running, platform.close()]);
  }
});

test('an order is heard before and after', async () => {
  const rotation: NatsConnection = await connect({ servers: server.url });
  const order = async () => {
    rotation.publish(subjects.nodeOrder(mesh.nodeId), '{}');
    await rotation.flush();
  };
  await order();
  await eventually(() => onOrder.mock.calls.length === 1);
  await node.move(keyed(NEW));
  await order();
  await eventually(() => onOrder.mock.calls.length === 2);
  await rotation.close();
});

test('where it is not let in it stays where it is, and moves once it is', async () => {
  isShut = true;
  await expect(node.move(keyed(NEW))).rejects.toMatchObject({ code: 'not_moved' });
  await expect(node.move('none')).rejects.toMatchObject({ code: 'bad_credential' });
  await relay.publish();
  await settledAll();
  isShut = false;
  await node.move(keyed(NEW));
  await relay.publish();
  await settledAll();
  expect(node.counts).toMatchObject({ applied: 2, hellos: 1 });
});

test('one that is out comes in at once by the credential that it is moved to', async () => {
  await node.stop();
  node = await newNode();
  await expect(node.move(keyed(NEW))).rejects.toMatchObject({ code: 'not_started' });
  isShut = true;
  comes = [];
  await node.start();
  const moved = node.move(keyed(NEW));
  isShut = false;
  await moved;
  expect(comes).toEqual(['in']);
});

test('a bus that is lost in the middle of a move is asked anew where the stream goes on', async () => {
  for (let n = 0; n < 2; n += 1) {
    const moved = node.move(keyed(n % 2 === 0 ? NEW : OLD)).catch(() => undefined);
    await server.kill();
    await server.start();
    await eventually(() => relay.makeStream().then(() => true));
    await relay.publish();
    await moved;
    await relay.publish();
    await settledAll();
  }
  expect(handledIds()).toEqual(outboxIds());
});

test('over HTTP there is nowhere to move to', async () => {
  await node.stop();
  const http = await mesh.httpEnrolment(new Date(), { gateways: ['http://127.0.0.1:1'], bearer: BEARER });
  node = new NodeClient({
    enrolment: parseEnrolment(http),
    storeDir: join(folder, mesh.nodeId),
    handler: () => Promise.resolve(),
  });
  await node.start();
  await expect(node.move(keyed(NEW))).rejects.toMatchObject({ code: 'not_on_the_bus' });
});
