// A crowd of strangers, each on a connection of its own, and a Node among them: on a real gateway with its ten connections.
import { randomUUID } from 'node:crypto';
import { connect as dial, type Socket } from 'node:net';
import { once } from 'node:events';
import { Bus } from '@plexsphere/service-kit';
import { eventually } from '@plexsphere/testkit';
import { Client, Pool } from 'pg';
import { DOMAIN, GatewayWorld, type TestNode } from '../testing/gateway-world';
import { ReadStream } from '../testing/read-stream';
import { EventsRoute } from './nodes/events.route';
import { KnownBearers } from './door/known-bearers';
import { bearerHash } from './nodes/node-credentials';
import { ChainReader } from './rings/chain-reader';
import { Strangers } from './views/strangers';

jest.setTimeout(120_000);

const CROWD = 300;

let world: GatewayWorld;
let node: TestNode;
beforeAll(async () => {
  world = await GatewayWorld.make();
  node = await world.addNode(DOMAIN);
  await world.addIssuer('web', { isDefault: true });
});
afterAll(() => world.end());

const request = (path: string, authorization = ''): string =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${authorization}\r\n`;
const form = 'grant_type=client_credentials';
const post = (path: string, authorization: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${form.length}\r\n` +
  `content-type: application/x-www-form-urlencoded\r\nauthorization: ${authorization}\r\n\r\n${form}`;
const basic = (client: string): string => `Basic ${Buffer.from(`${client}:x`).toString('base64')}`;
const bearer = (secret: string): string => `authorization: Bearer ${secret}\r\n`;

/** On which the gateway has answered already: it has taken it, then, and waits for more. */
async function connected(): Promise<Socket> {
  const { hostname, port } = new URL(world.url);
  const socket = dial(Number(port), hostname);
  socket.write('GET /v1/ping HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

/** The status of what comes back. */
async function ask(socket: Socket, text: string): Promise<string> {
  let heard = '';
  socket.on('data', (bytes) => (heard += bytes.toString()));
  const closed = once(socket, 'close');
  socket.write(text);
  await closed;
  return /HTTP\/1\.1 (\d+)/.exec(heard)?.[1] ?? '';
}

const strangers: [string, (n: number) => string][] = [
  ['ask for chains', (n) => request(`/v1/scopes/${DOMAIN}/chain?after=${n}`)],
  ['ask for key sets of scopes that they make up', () => request(`/v1/scopes/domain:${randomUUID()}/jwks.json`)],
  ['call as Nodes that they make up', () => request(`/v1/nodes/${randomUUID()}/state`, bearer('x'.repeat(32)))],
  ['ask for metadata of issuers that they make up', (n) => request(`/issuers/x-${n}/.well-known/openid-configuration`)],
  ['ask for tokens as clients that they make up', (n) => post('/oauth2/token', basic(`made-up-${n}`))],
  ['guess at the bearer of a Node', (n) => request(`/v1/nodes/${node.id}/events`, bearer(`guess-${n}`))],
];

it.each(strangers)('a Node that is known stands behind none of a crowd who %s', async (_, textOf) => {
  // It has called: from then on it is known here.
  expect((await world.as(node, `/v1/nodes/${node.id}/state`)).status).toBe(200);
  const sockets = await Promise.all(Array.from({ length: CROWD }, connected));
  const held = holdStrangers();
  const before: string[] = [];
  const crowd = sockets.map(async (socket, n) => {
    const status = await ask(socket, textOf(n));
    if (!held.isOver()) before.push(status);
    return status;
  });
  // Whoever has a turn keeps it: a Node that needed one would hear what those hear who wait in vain.
  await held.someone;
  expect((await world.as(node, `/v1/nodes/${node.id}/state`)).status).toBe(200);
  held.release();
  const told = await Promise.all(crowd);
  expect(before.filter((status) => status !== '429')).toEqual([]);
  expect(told.filter((status) => !['200', '401', '404', '429'].includes(status))).toEqual([]);
});

/** Strangers whose turn has come keep it until they are released. `someone`: once one has. */
function holdStrangers() {
  let [isOver, release, come] = [false, (): void => undefined, (): void => undefined];
  const released = new Promise<void>((resolve) => (release = resolve));
  const someone = new Promise<void>((resolve) => (come = resolve));
  const { readings, callers } = world.gateway.get(Strangers);
  const spies = [readings, callers].map((turns) => {
    const run = turns.run.bind(turns);
    return jest.spyOn(turns, 'run').mockImplementation((work) =>
      run(async () => {
        come();
        await released;
        return work();
      }),
    );
  });
  const over = (): void => {
    isOver = true;
    for (const spy of spies) spy.mockRestore();
    release();
  };
  return { someone, release: over, isOver: () => isOver };
}

it('whoever asks for the same chain shares a reading of it', async () => {
  const read = jest.spyOn(world.gateway.get(ChainReader), 'read');
  const sockets = await Promise.all(Array.from({ length: 200 }, connected));
  const told = await Promise.all(sockets.map((socket) => ask(socket, request(`/v1/scopes/${DOMAIN}/chain?after=0`))));
  expect(new Set(told)).toEqual(new Set(['200']));
  expect(read.mock.calls.length).toBeLessThan(50);
  read.mockRestore();
});

describe('no row is read for whoever asks for a stream and hangs up', () => {
  const CALLERS = 8;
  const [WHO_CALLS, ITS_ROW] = ['"bearerHash"', 'gateway.sent'];

  /** How many wait there, and how that ends. */
  interface Held {
    waiting: () => number;
    release: () => void;
  }

  function holdLine(): Held {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { callers } = world.gateway.get(Strangers);
    for (let n = 0; n < 4; n++) void callers.run(() => released);
    const { line } = callers as unknown as { line: Set<unknown> };
    return { waiting: () => line.size, release };
  }

  async function holdConnections(): Promise<Held> {
    const pool = world.gateway.get(Pool);
    const all = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
    return { waiting: () => pool.waitingCount, release: () => all.forEach((each) => each.release()) };
  }

  function holdBus(): Held {
    let hear = (): void => undefined;
    const heard = new Promise<boolean>((resolve) => (hear = () => resolve(true)));
    const flushed = jest.spyOn(world.gateway.get(Bus), 'flushedWithin').mockReturnValue(heard);
    const release = (): void => {
      flushed.mockRestore();
      hear();
    };
    return { waiting: () => flushed.mock.calls.length, release };
  }

  afterEach(() => jest.restoreAllMocks());

  it.each<[string, string, () => Held | Promise<Held>, (n: number) => string]>([
    ['in the line of strangers', WHO_CALLS, holdLine, (n) => `guess-${n}`],
    ['for a connection to the database', WHO_CALLS, holdConnections, () => node.secret],
    ['for the bus to hear its subject', ITS_ROW, holdBus, () => node.secret],
  ])('while it waits %s', async (_, statement, hold, secretOf) => {
    node = await world.addNode(DOMAIN);
    // It has called: from then on it is known here.
    expect((await world.as(node, `/v1/nodes/${node.id}/state`)).status).toBe(200);
    const sockets = await Promise.all(Array.from({ length: CALLERS }, connected));
    const answer = jest.spyOn(world.gateway.get(EventsRoute), 'answer');
    const asked = jest.spyOn(Client.prototype, 'query');
    const texts = () => (asked.mock.calls as unknown as [{ text?: string }][]).map(([{ text = '' }]) => text);
    const reads = () => texts().filter((text) => text.includes(statement)).length;
    const { waiting, release } = await hold();
    try {
      for (const [n, socket] of sockets.entries()) {
        socket.write(request(`/v1/nodes/${node.id}/events`, bearer(secretOf(n))));
      }
      await eventually(() => waiting() >= CALLERS && answer.mock.calls.length === CALLERS, { describe: 'all in line' });
      for (const socket of sockets) socket.destroy();
      const responses = answer.mock.calls.map(([, response]) => response);
      await eventually(() => responses.every(({ destroyed }) => destroyed), { describe: 'that they have hung up' });
    } finally {
      release();
    }
    await Promise.allSettled(answer.mock.results.map(({ value }) => value as Promise<void>));
    expect(reads()).toBe(0);
    // Who has hung up is still known; and who has not gets a stream.
    expect(world.gateway.get(KnownBearers).has(node.id, bearerHash(node.secret))).toBe(true);
    (await ReadStream.open(world.url, node)).close();
    expect(reads()).toBeGreaterThan(0);
  });
});
