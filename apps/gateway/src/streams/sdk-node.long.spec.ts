// A Node that runs the SDK, before a whole gateway: relays are played, and sign by real keys.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeClient, parseEnrolment, type NodeEvent, type TurnedAway } from '@plexsphere/node-sdk';
import { envelopeBy, eventually } from '@plexsphere/testkit';
import { headers as names, subjects, type Ack, type Hello } from '@plexsphere/wire';
import { headers as natsHeaders } from 'nats';
import { DOMAIN, GatewayWorld, type TestNode } from '../../testing/gateway-world';

let world: GatewayWorld;
let folder: string;
let node: TestNode;
let client: NodeClient;
let proxy: Server;
let relay: PlayedRelay;
const applied: NodeEvent[] = [];
const turnedAway: TurnedAway[] = [];
/** What the proxy has been asked for, by what it was to prefer. */
const preferred: (string | undefined)[] = [];

beforeAll(async () => {
  world = await GatewayWorld.make();
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  proxy = gathering();
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await rm(folder, { recursive: true, force: true });
  await world.end();
});

beforeEach(async () => {
  for (const list of [applied, turnedAway, preferred]) list.splice(0);
  node = await world.addNode(DOMAIN, { listens: 'sdk' });
  relay = new PlayedRelay();
});
afterEach(() => client.stop());

/** Passes an answer on when it has ended, as some do. */
function gathering(): Server {
  return createServer((asked, response) => {
    const { method, url = '', headers } = asked;
    if (method === 'GET') preferred.push(headers['prefer'] as string | undefined);
    const passed = request(new URL(url, world.url), { method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => response.writeHead(answer.statusCode!, answer.headers).end(Buffer.concat(chunks)));
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
}

async function start(url: string): Promise<void> {
  const { id: node_id, secret: bearer } = node;
  const bundle = await world.rings.bundle(DOMAIN, new Date());
  client = new NodeClient({
    enrolment: parseEnrolment(JSON.stringify({ node_id, scope: DOMAIN, name: 'n', gateways: [url], bearer, bundle })),
    storeDir: join(folder, node_id),
    handler: async (event) => void applied.push(event),
    onTurnedAway: (told) => void turnedAway.push(told),
  });
  await client.start();
  await client.ready();
}

/** Answers hellos, and sends what a Node has not acknowledged. */
class PlayedRelay {
  readonly acks: Ack[] = [];
  private readonly events: string[] = [];
  private sequence = 0;

  constructor() {
    world.others.subscribe(subjects.httpHello(node.id), {
      callback: (_, message) => this.answer(message.json<Hello>()),
    });
    world.others.subscribe(subjects.httpAck(node.id), {
      callback: (_, message) => void this.acks.push(message.json<Ack>()),
    });
  }

  publish(): void {
    this.events.push(randomUUID());
    this.sendEvent(this.events.length);
  }

  announce(text: string): void {
    this.put(text);
  }

  private answer({ hello_id, position }: Hello): void {
    const { epoch } = world.rings.of(DOMAIN);
    const payload = {
      ...{ node_id: node.id, hello_id, epoch, platform_epoch: 1 },
      ...{ resumes_after: position, last_position: this.events.length },
    };
    const eventId = `${node.id}/${randomUUID()}`;
    this.put(this.signed({ eventType: 'stream_ready', eventId, payload }));
    for (let next = position + 1; next <= this.events.length; next += 1) this.sendEvent(next);
  }

  private sendEvent(position: number): void {
    this.put(this.signed({ eventId: this.events[position - 1]! }), { [names.position]: `${position}` });
  }

  private signed(fields: object): string {
    return envelopeBy(world.rings.of(DOMAIN).active, DOMAIN, new Date(), fields);
  }

  private put(text: string, more: Record<string, string> = {}): void {
    const headers = natsHeaders();
    const last = this.sequence;
    const all = { [names.kind]: 'event', [names.lastSequence]: `${last}`, [names.sequence]: `${(this.sequence += 1)}` };
    for (const [name, value] of Object.entries({ ...all, ...more })) headers.set(name, value);
    world.others.publish(subjects.httpEvents(node.id), text, { headers });
  }
}

const settled = (position: number, epoch: number) =>
  eventually(() => relay.acks.some((ack) => ack.position === position && ack.epoch === epoch), {
    describe: `position ${position} and epoch ${epoch} acknowledged`,
  });

test('events over a rotation, each once, in order, acknowledged; and whoever is removed is told', async () => {
  await start(world.url);
  for (let n = 0; n < 5; n += 1) relay.publish();
  await settled(5, world.rings.of(DOMAIN).epoch);
  await world.rings.of(DOMAIN).rotate('sdk-2', new Date());
  relay.announce(world.rings.of(DOMAIN).rotatedEvent(new Date()));
  for (let n = 0; n < 5; n += 1) relay.publish();
  await settled(10, world.rings.of(DOMAIN).epoch);
  expect(applied.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(client.counts).toMatchObject({ applied: 10, keyChanges: 1, refused: {} });
  await world.query(`UPDATE ring.node SET state = 'removed' WHERE id = $1`, [node.id]);
  relay.publish();
  await eventually(() => turnedAway.length > 0, { describe: 'the Node told' });
  expect(turnedAway[0]).toMatchObject({ reason: '403' });
});

test('through a proxy that gathers answers, too', async () => {
  await start(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const { epoch } = world.rings.of(DOMAIN);
  for (let n = 0; n < 3; n += 1) relay.publish();
  await settled(3, epoch);
  relay.publish();
  await settled(4, epoch);
  expect(applied.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
  expect(preferred.slice(0, 3)).toEqual([undefined, undefined, 'wait=10']);
});
