import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, seededRandom, temporaryFolder, testDatabase } from './index';
import { runOn } from './test-server';

jest.setTimeout(60_000);

const folder = temporaryFolder();

test('eventually gives back what it waited for, and names it with the last error when it never comes', async () => {
  let looks = 0;
  await expect(eventually(() => (++looks < 3 ? undefined : looks))).resolves.toBe(3);
  const failing = eventually(() => Promise.reject(new Error('not there')), { timeoutMs: 50, describe: 'a miracle' });
  await expect(failing).rejects.toMatchObject({
    message: expect.stringContaining('a miracle'),
    cause: expect.objectContaining({ message: 'not there' }),
  });
});

test('after a look that takes long, eventually pauses for as long', async () => {
  const times: number[] = [];
  await eventually(async () => {
    times.push(performance.now());
    await delay(250);
    times.push(performance.now());
    return times.length === 4;
  });
  const [, ended = 0, begunAgain = 0] = times;
  // A timer may be a moment early.
  expect(begunAgain - ended).toBeGreaterThan(230);
});

test('the same seed gives the same course', () => {
  const draw = (seed: number): number[] => seededRandom(seed).shuffle(Array.from({ length: 20 }, (_, i) => i));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect([...draw(7)].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  const random = seededRandom(3);
  const drawn = Array.from({ length: 500 }, () => random.integer(2, 4));
  expect(new Set(drawn)).toEqual(new Set([2, 3, 4]));
});

describe('testDatabase', () => {
  const prepare = jest.fn((url: string) =>
    runOn(
      url,
      'CREATE ROLE testkit_reader; CREATE TABLE kept AS SELECT 1 AS value; GRANT SELECT ON kept TO testkit_reader',
    ),
  );

  test('prepares once; each database is its own, roles have the rights that they were given', async () => {
    const template = { name: 'testkit', prepare };
    const one = await testDatabase(template);
    const other = await testDatabase(template);
    expect(prepare).toHaveBeenCalledTimes(1);

    await runOn(one.url, 'UPDATE kept SET value = 2');
    await expect(runOn(other.url, 'SELECT value FROM kept')).resolves.toEqual([{ value: 1 }]);
    const reader = await one.urlAs('testkit_reader');
    await expect(runOn(reader, 'SELECT value FROM kept')).resolves.toEqual([{ value: 2 }]);
    await expect(runOn(reader, 'DELETE FROM kept')).rejects.toMatchObject({ code: '42501' });
    await one.drop();
    await expect(runOn(one.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  });
});

test('the watcher ends a server whose worker was killed, and deletes its data', async () => {
  const data = join(folder, 'data');
  writeFileSync(data, '');
  // A worker that starts a "server" (sleep) and the watcher, and is killed.
  const worker = spawn(process.execPath, [
    '-e',
    `const { spawn } = require('node:child_process');
     const server = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
     const args = [${JSON.stringify(join(__dirname, '..', 'end-with-worker.mjs'))}, String(server.pid), ${JSON.stringify(data)}];
     spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
     console.log(server.pid);
     setInterval(() => {}, 1000);`,
  ]);
  const [line] = (await once(worker.stdout, 'data')) as [Buffer];
  const serverPid = Number(String(line));
  worker.kill('SIGKILL');
  await eventually(() => !existsSync(data), { describe: 'the data to be deleted' });
  expect(() => process.kill(serverPid, 0)).toThrow();
});
