import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot, withCompiled } from '@plexsphere/stack';
import { COMPILED } from './stack-to-copy';

/** Runs a service that is expected to end by itself, as one that refuses to start, and returns how it ended. */
export function runToItsEnd(
  service: string,
  env: Record<string, string>,
  flags: string[] = [],
): Promise<{ exitCode: number; stderr: string; stdout: string }> {
  const program = join(repositoryRoot, 'apps', service, 'dist', 'main.js');
  const made = withCompiled(process.env[COMPILED] ?? '', service);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...made.args, program, ...flags],
      { env: { PATH: process.env['PATH'], ...env, ...made.env }, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stderr, stdout }),
    );
  });
}
