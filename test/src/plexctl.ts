import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the real `plexctl` as a process. */
export function runPlexctl(args: string[], env: Record<string, string>, input = ''): Promise<Ran> {
  const program = join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { env: { PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => resolve({ exitCode: exitCodeOf(error), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

const exitCodeOf = (error: { code?: unknown } | null): number =>
  error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
