import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from './folders';
import { guard } from './guard';

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface Running {
  signal?: AbortSignal;
  timeout?: number;
  /** Each line of standard output, as soon as it is there. */
  onLine?: (line: string) => void;
}

/** Runs the real `plexctl` as a process, with nothing of the caller's environment but the PATH. */
export function runPlexctl(
  args: string[],
  env: Record<string, string>,
  input = '',
  { onLine, ...until }: Running = {},
): Promise<Ran> {
  const program = join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { env: { PATH: process.env['PATH'], ...env }, ...until },
      (error, stdout, stderr) => resolve({ exitCode: exitCodeOf(error), stdout, stderr }),
    );
    guard.addChild(child);
    if (onLine !== undefined && child.stdout !== null) createInterface({ input: child.stdout }).on('line', onLine);
    // A command that refuses its flags reads no input: the pipe breaks, and its exit code is the answer.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

const exitCodeOf = (error: { code?: unknown } | null): number =>
  error === null ? 0 : typeof error.code === 'number' ? error.code : -1;

/** Runs a command that has to succeed, and reads its JSON. @throws Error with what plexctl said */
export async function plexctlJson<Reply>(args: string[], env: Record<string, string>, input = ''): Promise<Reply> {
  const ran = await runPlexctl([...args, '--output', 'json'], env, input);
  if (ran.exitCode !== 0) throw new Error(`plexctl ${args.join(' ')} exited ${ran.exitCode}: ${ran.stderr.trim()}`);
  return JSON.parse(ran.stdout) as Reply;
}
