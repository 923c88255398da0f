import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually';
import { stopLeftovers } from './leftovers';
import { childrenOf, isSameProcess, processIdentity } from './process-identity';

const started: ChildProcess[] = [];
afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

async function sleeper(): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return child.pid as number;
}

test('a process is told from every other one, of the same command line too', async () => {
  const [one, other] = [await sleeper(), await sleeper()];
  const identity = processIdentity(one);
  expect(identity).toContain('sleep 600');
  expect(isSameProcess(one, identity)).toBe(true);
  expect(isSameProcess(one, undefined)).toBe(false);
  expect(isSameProcess(one, `${identity} more`)).toBe(false);
  expect(childrenOf(process.pid)).toEqual(expect.arrayContaining([one, other]));
});

test('what has ended has no identity', async () => {
  const pid = await sleeper();
  const identity = processIdentity(pid);
  process.kill(pid, 'SIGKILL');
  await eventually(() => processIdentity(pid) === undefined);
  expect(isSameProcess(pid, identity)).toBe(false);
  expect(childrenOf(pid)).toEqual([]);
});

test('leftovers: the recorded processes are ended, one whose pid is another process by now is not', async () => {
  const [ours, foreign] = [await sleeper(), await sleeper()];
  process.kill(ours, 'SIGSTOP');
  await stopLeftovers({
    ready: true,
    supervisor: 1,
    pids: { signer: [ours], rotation: [foreign] },
    health: {},
    identities: { [ours]: processIdentity(ours) ?? '', [foreign]: 'another process' },
  });
  expect(processIdentity(ours)).toBeUndefined();
  expect(processIdentity(foreign)).toBeDefined();
});
