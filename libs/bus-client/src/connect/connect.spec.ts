// What becomes of dials that took too long, tried on a real server behind a way that is slow at times.
import { connect as open, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually, type NatsServer } from '@plexsphere/stack';
import { endBus, startedBus } from '@plexsphere/testkit';
import type { NatsConnection } from 'nats';
import { dialBus } from '.';

jest.setTimeout(60_000);

/** The server gives whoever says nothing this long. */
const SILENCE_S = 1;
const PATIENCE_MS = 300;

/** A way to the server on which the next connections are held up: nothing goes either way until it is let go. */
class SlowWay {
  /** How many of the next ones are held up. */
  holds = 0;
  opened = 0;
  private readonly held: (() => void)[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(private readonly port: number) {
    this.server = createServer((client) => {
      this.opened += 1;
      this.sockets.add(client);
      client.on('error', () => undefined).on('close', () => this.sockets.delete(client));
      if (this.holds === 0) return this.pass(client);
      this.holds -= 1;
      this.held.push(() => this.pass(client));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get open(): number {
    return this.sockets.size;
  }

  letGo(): void {
    for (const pass of this.held.splice(0)) pass();
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): void {
    this.cut();
    this.server.close();
  }

  private pass(client: Socket): void {
    const upstream = open(this.port, '127.0.0.1');
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  }
}

let server: NatsServer;
let way: SlowWay;
let connection: NatsConnection;

beforeEach(async () => {
  server = await startedBus(`authorization { user: u, password: p, timeout: ${SILENCE_S} }`);
  way = new SlowWay(server.port);
  connection = await dialBus({
    servers: await way.start(),
    ...{ user: 'u', pass: 'p', timeout: PATIENCE_MS, reconnectTimeWait: 50, maxReconnectAttempts: -1 },
  });
});

afterEach(async () => {
  await connection.close();
  way.stop();
  await endBus(server);
});

const heard = async (): Promise<string[]> => {
  const got: string[] = [];
  const subscription = connection.subscribe('said', { callback: (_, message) => got.push(message.string()) });
  connection.publish('said', 'once');
  await connection.flush();
  subscription.unsubscribe();
  return got;
};

test('a dial that was given up, and goes through later, makes no second connection', async () => {
  way.holds = 2;
  way.cut();
  await eventually(() => way.opened === 4, { describe: 'the dial after two that took too long' });
  await connection.flush();
  way.letGo();
  // The server ends whoever says nothing, and is heard of it.
  await new Promise((resolve) => setTimeout(resolve, 2_000 * SILENCE_S));
  await connection.flush();
  expect([way.opened, way.open, await heard()]).toEqual([4, 1, ['once']]);
});

test('one that is given up leaves nothing open', async () => {
  way.holds = Infinity;
  way.cut();
  await eventually(() => way.opened === 4, { describe: 'three dials that take too long' });
  expect(way.open).toBeLessThanOrEqual(1);
});
