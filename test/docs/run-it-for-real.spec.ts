import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { NatsServer, Postgres, eventually, guard, localFolder, repositoryRoot } from '@plexsphere/stack';
import { blocks } from './documents';

// N-8: the commands of README's "Run it for real", as they stand there, but for the addresses of database and bus.

let folder: string;
let postgres: Postgres;
let bus: NatsServer;
const running: ChildProcess[] = [];

beforeAll(async () => {
  await mkdir(localFolder, { recursive: true, mode: 0o700 });
  folder = await mkdtemp(join(localFolder, 'docs-'));
  for (const name of ['apps', 'node_modules']) await symlink(join(repositoryRoot, name), join(folder, name));
  postgres = await Postgres.create(join(folder, 'postgres'), { durable: false });
  await postgres.start();
  bus = await NatsServer.create(join(folder, 'bus'), { configFile: join(folder, 'secrets', 'nats-server.conf') });
}, 120_000);

afterAll(async () => {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
  await bus.kill();
  await postgres.remove();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

it('N-8: brings an installation up, starts its services and looks at it', async () => {
  const readme = await readFile(join(repositoryRoot, 'README.md'), 'utf8');
  const [build = '', bootstrap = '', address = '', ...rest] = blocks(readme.replace(/^ {3}/gm, ''), 'bash');
  expect(build).toContain('npm run build');
  const look = rest.pop() ?? '';
  expect(rest).toHaveLength(4);

  expect(await runToEnd(bootstrap)).toMatchObject({ exitCode: 0 });
  await bus.start();
  for (const service of rest) {
    const child = start(address + service);
    await eventually(() => child.told().includes('"msg":"ready"') || child.ended(), {
      timeoutMs: 60_000,
      describe: `ready: ${service}`,
    });
    expect([service, child.ended(), child.told()]).toEqual([service, false, expect.stringContaining('"msg":"ready"')]);
  }
  const seen = await runToEnd(look);
  expect([seen.exitCode, seen.told]).toEqual([0, expect.stringContaining('platform-1')]);
}, 240_000);

/** The reader's own addresses in place of those of the page. */
const adapted = (script: string): string =>
  script
    .replaceAll('postgres://owner@db/plexsphere', postgres.url)
    .replaceAll('--signer-endpoint tls://bus:4222', `--signer-endpoint ${bus.host}:${bus.port}`)
    .replaceAll('tls://bus:4222', bus.url)
    .replaceAll('127.0.0.1:8080', '127.0.0.1:0');

function start(script: string) {
  const { PATH } = process.env;
  const child = spawn('sh', ['-c', adapted(script)], {
    cwd: folder,
    env: { PATH, HOME: folder, npm_config_offline: 'true', npm_config_update_notifier: 'false' },
    detached: true,
  });
  running.push(child);
  guard.addChild(child);
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
  return { told: () => told, ended: () => child.exitCode !== null || child.signalCode !== null, child };
}

async function runToEnd(script: string): Promise<{ exitCode: number | null; told: string }> {
  const { child, told, ended } = start(script);
  await eventually(ended, { timeoutMs: 120_000, describe: script });
  return { exitCode: child.exitCode, told: told() };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
