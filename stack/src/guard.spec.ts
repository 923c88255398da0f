import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually';
import { processIdentity } from './process-identity';

const folder = mkdtempSync(join(tmpdir(), 'plexsphere-guard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A supervisor that guards two sleepers, one of them deaf to SIGTERM, and says their pids. */
async function supervisor(data: string): Promise<{ process: ChildProcess; pids: number[] }> {
  const child = spawn(process.execPath, [
    '-e',
    `const { spawn } = require('node:child_process');
     const guard = spawn(process.execPath, [${JSON.stringify(join(__dirname, '..', 'guard.mjs'))}], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
     const sleep = (command) => spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' }).pid;
     const pids = [sleep('exec sleep 600'), sleep('trap "" TERM; while :; do sleep 1; done'), sleep('exec sleep 600')];
     for (const pid of pids) guard.stdin.write('add ' + pid + ' SIGTERM\\n');
     guard.stdin.write('drop ' + pids[2] + '\\n' + 'erase ' + ${JSON.stringify(data)} + '\\n');
     console.log(JSON.stringify(pids));
     setInterval(() => {}, 1000);`,
  ]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, pids: JSON.parse(String(line)) as number[] };
}

test('N-7: what a killed supervisor guarded ends with it, and what it did not goes on', async () => {
  const data = join(folder, 'data');
  writeFileSync(data, '');
  const { process: supervising, pids } = await supervisor(data);
  const [obedient = 0, deaf = 0, dropped = 0] = pids;
  supervising.kill('SIGKILL');
  await eventually(() => processIdentity(obedient) === undefined && processIdentity(deaf) === undefined, {
    describe: 'both to end',
  });
  await eventually(() => !existsSync(data));
  expect(processIdentity(dropped)).toBeDefined();
  process.kill(dropped, 'SIGKILL');
}, 40_000);
