import { mkdtemp, mkdir, readlink, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { eventually } from './eventually';
import { Postgres } from './postgres';

jest.setTimeout(60_000);

let folder: string;
const servers: Postgres[] = [];

// 0700 as `mktemp -d` makes it: as root, no other user can enter.
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'plexsphere-'))));

afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
  await rm(folder, { recursive: true, force: true });
});

async function create(name: string): Promise<Postgres> {
  const server = await Postgres.create(join(folder, name), { durable: false });
  servers.push(server);
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // the server crashes on purpose; the query itself rejects, too
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const occupy = async (port: number): Promise<Server | undefined> => {
  const server = createServer().listen(port, '127.0.0.1');
  return once(server, 'listening').then(
    () => server,
    () => undefined, // somebody else holds it: just as well
  );
};

test('a crash loses nothing that was committed, and the server comes back on its port', async () => {
  const server = await create('crash');
  await server.start();
  await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS value');
  const url = server.url;

  const busy = query(url, 'SELECT pg_sleep(60)').then(
    () => 'answered',
    () => 'cut off',
  );
  await eventually(
    async () => (await query(url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length,
  );
  await server.kill();
  await expect(busy).resolves.toBe('cut off');
  expect(server.pid).toBeUndefined();

  await server.start();
  expect(server.url).toBe(url);
  await expect(query(url, 'SELECT value FROM kept')).resolves.toEqual([{ value: 7 }]);
});

test('an ordered stop, and another object that takes the same folder up', async () => {
  const first = await create('again');
  await first.start();
  await query(first.url, 'CREATE TABLE kept ()');
  await first.stop();
  await expect(first.exited).resolves.toMatchObject({ code: 0 });

  const second = await create('again');
  await second.start();
  expect(second.url).toBe(first.url);
  await expect(query(second.url, 'SELECT * FROM kept')).resolves.toEqual([]);
});

test('two at once, with 5432 occupied, each for its own password', async () => {
  const occupied = await occupy(5432);
  const [one, other] = await Promise.all([create('one'), create('other')]);
  await Promise.all([one.start(), other.start()]);
  expect(one.port).not.toBe(other.port);
  const foreign = new URL(one.url);
  foreign.password = new URL(other.url).password;
  await expect(query(foreign.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  occupied?.close();
});

test('a port that was taken before the first start is exchanged', async () => {
  const server = await create('taken');
  const occupied = await occupy(server.port);
  const before = server.port;
  await server.start();
  expect(server.port).not.toBe(before);
  await query(server.url, 'SELECT 1');
  occupied?.close();
});

test('a cluster whose making was interrupted is made anew', async () => {
  await mkdir(join(folder, 'torn', 'data', 'cluster'), { recursive: true });
  const server = await create('torn');
  await server.start();
  await query(server.url, 'SELECT 1');
});

test('paused, it answers nobody; resumed, it goes on', async () => {
  const server = await create('paused');
  await server.start();
  server.pause();
  const client = new Client({ connectionString: server.url, connectionTimeoutMillis: 300 });
  await expect(client.connect()).rejects.toThrow();
  server.resume();
  await query(server.url, 'SELECT 1');
});

test('remove leaves nothing behind, outside the folder neither', async () => {
  const server = await create('removed');
  await server.start();
  const elsewhere = await readlink(join(folder, 'removed', 'data')).catch(() => undefined);
  expect(elsewhere !== undefined).toBe(process.getuid?.() === 0);
  await server.remove();
  await expect(stat(join(folder, 'removed'))).rejects.toMatchObject({ code: 'ENOENT' });
  if (elsewhere) await expect(stat(elsewhere)).rejects.toMatchObject({ code: 'ENOENT' });
});
