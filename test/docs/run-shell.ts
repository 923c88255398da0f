import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';

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

/**
 * Runs a document's shell block by a real shell: `npx plexctl` is the one of this repository, `npm` is written down. It is over
 * when the shell is, whatever that has left running: so what it tells goes to files, and not to pipes that others may hold open.
 */
export async function runShell(script: string, cwd: string, more: Record<string, string> = {}): Promise<Told> {
  const plexctl = join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js');
  const env = { PATH: process.env['PATH'], NODE: process.execPath, PLEXCTL: plexctl, ...more };
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-shell-'));
  const [out, err] = [join(folder, 'stdout'), join(folder, 'stderr')];
  const files = await Promise.all([open(out, 'w'), open(err, 'w')]);
  try {
    const stdio: StdioOptions = ['ignore', ...files.map(({ fd }) => fd)];
    const shell = spawn('sh', ['-c', `${SHELL_FUNCTIONS}${script}`], { cwd, env, stdio });
    const [code] = (await once(shell, 'exit')) as [number | null];
    const [stdout, stderr] = await Promise.all([readFile(out, 'utf8'), readFile(err, 'utf8')]);
    // What a command notes on its way is no complaint.
    const complaints = stderr.split('\n').filter((line) => line !== '' && !/^(?:note: |\{"note":)/.test(line));
    return { exitCode: code ?? -1, stdout, complaints: complaints.join('\n') };
  } finally {
    await Promise.all(files.map((file) => file.close()));
    await rm(folder, { recursive: true });
  }
}
