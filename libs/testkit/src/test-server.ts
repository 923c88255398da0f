import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers';
import { IN_MEMORY, Postgres } from '@plexsphere/stack';
import { Client } from 'pg';

export interface TestServer {
  urlOf(database: string): string;
  /** One statement, by the owner, about the server: databases and roles. */
  ask(statement: string): Promise<Record<string, unknown>[]>;
}

/** A file that asks for a database for each of its tests does so at once again; one that is through leaves no connection. */
const KEPT_MS = 1_000;

let kept: Promise<TestServer> | undefined;

/**
 * The PostgreSQL server that all spec files of this Jest worker share. Jest gives every file fresh modules and globals, so a
 * file named after the worker's pid remembers it; a small process that watches the worker ends the server and deletes its
 * data when the worker is gone, however it went. To be asked anew each time: its connection is not kept for ever.
 */
export function testServer(): Promise<TestServer> {
  kept ??= dialled().catch((error: unknown) => {
    kept = undefined;
    throw error;
  });
  return kept;
}

async function dialled(): Promise<TestServer> {
  const url = (await rememberedUrl()) ?? (await startServer());
  const urlOf = (database: string): string => Object.assign(new URL(url), { pathname: `/${database}` }).href;
  const client = new Client({ connectionString: urlOf('postgres') });
  await client.connect();
  (client as unknown as { unref(): void }).unref();
  let busy = 0;
  const letGo = setTimeout(() => {
    if (busy > 0) return void letGo.refresh();
    kept = undefined;
    void client.end();
  }, KEPT_MS).unref();
  client.on('error', () => (kept = undefined));
  return {
    urlOf,
    ask: async (statement) => {
      busy += 1;
      try {
        return (await client.query<Record<string, unknown>>(statement)).rows;
      } finally {
        busy -= 1;
        letGo.refresh();
      }
    },
  };
}

/** `npm test` names a folder of its own, and has ended when nothing is left in it. */
const reminder = join(
  process.env['PLEXSPHERE_TEST_SERVERS'] ?? tmpdir(),
  `plexsphere-test-server-${process.getuid?.() ?? ''}-${process.pid}`,
);

async function rememberedUrl(): Promise<string | undefined> {
  try {
    const url = readFileSync(reminder, 'utf8');
    await runOn(url, 'SELECT 1');
    return url;
  } catch {
    // None yet, or one of an earlier process of the same pid.
    return undefined;
  }
}

async function startServer(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'plexsphere-test-server-'));
  const options = { durable: false, inMemory: hasRoomInMemory(), database: 'template_origin' };
  const server = await Postgres.create(folder, options);
  await server.start();
  server.unref();
  watch(server, folder);
  rmSync(reminder, { force: true });
  writeFileSync(reminder, server.url, { mode: 0o600, flag: 'wx' });
  return server.url;
}

/** Enough for the servers of all workers: hundreds of databases of 8 MB each, a few dozen of them at a time. */
const ROOM_BYTES = 6 * 1_024 ** 3;

/** On a disk most of what a spec's database costs is its files: made by the hundred, and deleted again. */
function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return Math.min(bavail * bsize, freemem()) > ROOM_BYTES;
  } catch {
    return false;
  }
}

/** Its standard input is a pipe that only this worker holds: the system closes it when the worker ends, by SIGKILL too. */
function watch(server: Postgres, folder: string): void {
  const program = join(__dirname, '..', 'end-with-worker.mjs');
  const watcher = spawn(process.execPath, [program, String(server.pid), folder, server.dataFolder, reminder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
}

/** One statement in a connection of its own. */
export async function runOn(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
