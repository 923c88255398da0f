import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * What tells a live process from a later one that was given the same pid: when it started and its command line.
 * Undefined when there is no such process, or only its zombie.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    return existsSync('/proc/self/stat') ? identityFromProc(pid) : identityFromPs(pid);
  } catch {
    // Either way of asking fails when the process is gone, which is the answer.
    return undefined;
  }
}

export const isSameProcess = (pid: number, identity: string | undefined): boolean =>
  identity !== undefined && processIdentity(pid) === identity;

/** Direct children of a process; empty when it is gone. */
export function childrenOf(pid: number): number[] {
  try {
    const listed = existsSync(`/proc/${pid}/task/${pid}/children`)
      ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      : execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return listed.split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function identityFromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): the command name stands in parentheses and may itself hold spaces and parentheses; fields count after it.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  const startedTicks = fields[18];
  return `${startedTicks} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`;
}

function identityFromPs(pid: number): string | undefined {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=,command=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  const [state = '', identity] = line.split(/\s+(.*)/);
  return state.startsWith('Z') ? undefined : identity;
}

/** Sends a signal. False where there is no such process: it ended by itself meanwhile, which is what callers want. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
