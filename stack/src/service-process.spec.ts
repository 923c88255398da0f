import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually';
import { ServiceProcess } from './service-process';

jest.setTimeout(30_000);

// Behaves as its environment says: a stand-in for a service, with nothing of a service but its log and its signals.
const SERVICE = `
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  console.log('no JSON');
  say({ msg: 'seen', environment: Object.keys(process.env).filter((name) => /PLEXSPHERE|DATABASE/.test(name)) });
  if (process.env.PLEXSPHERE_FAULT === 'exit') {
    console.error('the cause of it');
    process.exit(3);
  }
  setTimeout(() => say({ msg: 'ready', health: '127.0.0.1:1' }), 50);
  let signals = 0;
  process.on('SIGTERM', () => {
    say({ msg: 'stopping', signals: ++signals });
    setTimeout(() => process.exit(0), 100);
  });
  setInterval(() => say({ msg: 'tick' }), 20);
`;

let folder: string;
const services: ServiceProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  await writeFile(join(folder, 'service.js'), SERVICE);
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.kill()));
  await rm(folder, { recursive: true, force: true });
});

function create(name: string, env: Record<string, string> = {}): ServiceProcess {
  const files = { entry: join(folder, 'service.js'), logPath: join(folder, `${name}.log`) };
  const service = new ServiceProcess({ service: 'signer', name, env: () => env, ...files });
  services.push(service);
  return service;
}

test('start resolves when it is ready, with its health address, and the log of this run alone', async () => {
  const service = create('ready');
  await service.start();
  expect(service.health).toBe('127.0.0.1:1');
  expect(service.logs().filter(({ msg }) => msg === 'ready')).toHaveLength(1);
  await service.restart();
  expect(service.logs().filter(({ msg }) => msg === 'ready')).toHaveLength(1);
  await expect(service.start()).rejects.toThrow(/running already/);
});

test('one that ends before it is ready is told with its last lines, and can be tried again', async () => {
  const service = create('faulty', { PLEXSPHERE_FAULT: 'exit' });
  await expect(service.start()).rejects.toThrow(/exit code 3[^]*the cause of it/);
  await expect(service.exited).resolves.toEqual({ code: 3, signal: null });
  await expect(service.start()).rejects.toThrow(/exit code 3/);
});

test("it inherits neither PLEXSPHERE_* nor the owner's DATABASE_URL", async () => {
  process.env['DATABASE_URL'] = 'postgres://owner';
  process.env['PLEXSPHERE_TOKEN_FILE'] = 'token';
  const service = create('environment', { PLEXSPHERE_DATABASE_URL: 'its own' });
  await service.start();
  delete process.env['DATABASE_URL'];
  delete process.env['PLEXSPHERE_TOKEN_FILE'];
  const line = await eventually(() => service.logs().find(({ msg }) => msg === 'seen'));
  expect(line['environment']).toEqual(['PLEXSPHERE_DATABASE_URL']);
});

test('stop asks once, however often it is called, and waits for the end', async () => {
  const service = create('stopped');
  await service.start();
  await Promise.all([service.stop(), service.stop()]);
  await service.stop();
  expect(service.pid).toBeUndefined();
  await expect(service.exited).resolves.toEqual({ code: 0, signal: null });
  expect(service.logs().filter(({ msg }) => msg === 'stopping')).toEqual([expect.objectContaining({ signals: 1 })]);
});

test('paused it says nothing; a stop reaches it all the same', async () => {
  const service = create('paused');
  await service.start();
  service.pause();
  // What was under way may still be written; then the log stands still.
  let size = -1;
  await eventually(() => size === (size = service.log.size));
  const silent = eventually(() => service.log.size > size, { timeoutMs: 200 });
  await expect(silent).rejects.toThrow(/timed out/);
  service.resume();
  await eventually(() => service.log.size > size);
  service.pause();
  await service.stop();
  await expect(service.exited).resolves.toMatchObject({ code: 0 });
});

test('kill waits for the end, and each change is told', async () => {
  const service = create('killed');
  const seen: (number | undefined)[] = [];
  service.onChange = () => seen.push(service.pid);
  await service.start();
  const pid = service.pid;
  await service.kill();
  expect(service.running).toBe(false);
  expect(seen[0]).toBe(pid);
  expect(seen.at(-1)).toBeUndefined();
});
