import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually';
import { LogFile } from './log-file';
import { readState } from './stack-state';

// A first start may download nats-server over a slow line; each step inside has a time limit of its own.
const READY_TIMEOUT_MS = 600_000;

/** Runs the supervisor in a session of its own, shows what it says, and returns once the stack is ready. */
export async function startDetached(
  program: string,
  args: string[],
  dir: string,
  say: (text: string) => void,
): Promise<number> {
  const log = new LogFile(join(dir, 'supervisor.log'));
  let shown = log.size;
  const file = openSync(log.path, 'a', 0o600);
  const attached = args.filter((arg) => arg !== '--detach');
  const child = spawn(process.execPath, [program, ...attached], {
    detached: true,
    stdio: ['ignore', file, file],
    env: { ...process.env, PLEXSPHERE_DETACHED: 'true' },
  });
  closeSync(file);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill('SIGTERM'));

  const outcome = await eventually(
    () => {
      const { lines, next } = log.linesFrom(shown);
      shown = next;
      lines.forEach(say);
      if (child.exitCode !== null || child.signalCode !== null) return 'ended';
      const state = readState(dir);
      return state?.supervisor === child.pid && state?.ready && 'ready';
    },
    { timeoutMs: READY_TIMEOUT_MS, describe: 'the stack to be ready' },
  );
  child.unref();
  if (outcome === 'ended') log.linesFrom(shown).lines.forEach(say);
  if (outcome === 'ready') say(`It goes on in the background (pid ${child.pid}); npm stop ends it.`);
  return outcome === 'ready' ? 0 : (child.exitCode ?? 1) || 1;
}
