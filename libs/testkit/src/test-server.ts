import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Postgres } from '@plexsphere/stack';
import { Client } from 'pg';

/**
 * The URL, by database, of the PostgreSQL server that all spec files of this Jest worker share. Jest gives every file
 * fresh modules and globals, so a file named after the worker's pid remembers it; a small process that watches the worker
 * ends the server and deletes its data when the worker is gone, however it went.
 */
export async function testServer(): Promise<(database: string) => string> {
  const url = (await rememberedUrl()) ?? (await startServer());
  return (database) => Object.assign(new URL(url), { pathname: `/${database}` }).href;
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
  const server = await Postgres.create(folder, { durable: false, database: 'template_origin' });
  await server.start();
  server.unref();
  watch(server, folder);
  rmSync(reminder, { force: true });
  writeFileSync(reminder, server.url, { mode: 0o600, flag: 'wx' });
  return server.url;
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
export async function runOn(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
