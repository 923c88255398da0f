import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { natsServerBinary } from './nats-binary';
import { NatsServer } from './nats-server';
import { localFolder } from './folders';

jest.setTimeout(240_000); // the first run on a machine downloads the server

const cacheFolder = join(localFolder, 'cache');
let folder: string;
const servers: NatsServer[] = [];

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'plexsphere-'))));

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await rm(folder, { recursive: true, force: true });
});

async function create(configFile?: string): Promise<NatsServer> {
  const server = await NatsServer.create(join(folder, randomUUID()), { configFile });
  servers.push(server);
  return server;
}

async function withConnection<T>(server: NatsServer, work: (bus: NatsConnection) => Promise<T>): Promise<T> {
  const bus = await connect({ servers: server.url, reconnect: false });
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
}

const makeStream = async (bus: NatsConnection): Promise<void> => {
  const manager = await bus.jetstreamManager();
  await manager.streams.add({ name: 'kept', subjects: ['kept.>'] });
  await bus.jetstream().publish('kept.one', 'text');
};

const storedMessages = async (bus: NatsConnection): Promise<number> => {
  const manager = await bus.jetstreamManager();
  return (await manager.streams.info('kept')).state.messages;
};

test('a crash keeps name, port and what JetStream acknowledged', async () => {
  const server = await create();
  await server.start();
  await withConnection(server, makeStream);
  const url = server.url;
  await server.kill();
  await server.start();
  expect(server.url).toBe(url);
  await expect(withConnection(server, storedMessages)).resolves.toBe(1);
});

test('after the loss of its disk it is empty, on the same port', async () => {
  const server = await create();
  await server.start();
  await withConnection(server, makeStream);
  await server.stop();
  await rm(server.disk, { recursive: true });
  await server.start();
  await expect(withConnection(server, storedMessages)).rejects.toMatchObject({ code: '404' });
});

test('a port that was taken before the first start is exchanged, and two servers stand side by side', async () => {
  const [one, other] = await Promise.all([create(), create()]);
  const occupied = createServer().listen(one.port, '127.0.0.1');
  await once(occupied, 'listening');
  const before = one.port;
  await Promise.all([one.start(), other.start()]);
  expect(one.port).not.toBe(before);
  expect(one.port).not.toBe(other.port);
  occupied.close();
});

test('the given part of the configuration counts', async () => {
  const configFile = join(folder, 'a part.conf');
  await writeFile(configFile, 'authorization { user: someone, password: "it is" }\n');
  const server = await create(configFile);
  await server.start();
  await expect(connect({ servers: server.url, reconnect: false })).rejects.toMatchObject({
    code: 'AUTHORIZATION_VIOLATION',
  });
  const bus = await connect({ servers: server.url, user: 'someone', pass: 'it is' });
  await bus.close();
});

test('a configuration that the server refuses: its own words are in the error', async () => {
  const configFile = join(folder, 'refused.conf');
  await writeFile(configFile, 'no_such_thing { }');
  const server = await create(configFile);
  await expect(server.start()).rejects.toThrow(/no_such_thing/);
});

test('a server that is too old is passed over', async () => {
  const old = join(folder, 'nats-server');
  await writeFile(old, '#!/bin/sh\necho "nats-server: v2.7.4"\n');
  await chmod(old, 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  try {
    await expect(natsServerBinary(cacheFolder)).resolves.not.toBe(old);
  } finally {
    process.env['PATH'] = path;
  }
});
