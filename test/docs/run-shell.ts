import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { compiledPlexctl } from '../src/stack-to-copy';

const SHELL_FUNCTIONS = `
set -e
npx() { test "$1" = plexctl; shift; plexctl "$@"; }
plexctl() { "$NODE" "$PLEXCTL" "$@"; }
npm() { echo "$*" >> npm-calls; }
`;

export interface Told {
  exitCode: number;
  stdout: string;
  complaints: string;
}

/** Runs a document's shell block by a real shell: `npx plexctl` is the one of this repository, `npm` is written down. */
export function runShell(script: string, cwd: string, more: Record<string, string> = {}): Promise<Told> {
  const plexctl = join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js');
  const env = { PATH: process.env['PATH'], NODE: process.execPath, PLEXCTL: plexctl, ...compiledPlexctl(), ...more };
  return new Promise((resolve) => {
    execFile('sh', ['-c', `${SHELL_FUNCTIONS}${script}`], { cwd, env }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? -1);
      // What a command notes on its way is no complaint.
      const complaints = stderr.split('\n').filter((line) => line !== '' && !/^(?:note: |\{"note":)/.test(line));
      resolve({ exitCode, stdout, complaints: complaints.join('\n') });
    });
  });
}
