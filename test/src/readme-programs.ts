import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { guard, repositoryRoot } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';

/** What a user of a package has besides, as it is installed in the clone. */
export async function linkPackages(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const target = join(folder, 'node_modules', name);
    await mkdir(dirname(target), { recursive: true });
    await symlink(join(repositoryRoot, 'node_modules', name), target);
  }
}

/** Runs a README's program that serves until `used` is through, which begins once it answers; it has nothing to warn of. */
export async function whileItServes(
  { folder, program, env }: { folder: string; program: string; env: Record<string, string> },
  { asks, used }: { asks: () => Promise<unknown>; used: () => Promise<void> },
): Promise<void> {
  const child = spawn(process.execPath, [program], { cwd: folder, env: { PATH: process.env['PATH'], ...env } });
  guard.addChild(child);
  const ended = once(child, 'close');
  const warned = warningsOf(child);
  try {
    await eventually(async () => child.exitCode !== null || (await asks()), { describe: `${program} to answer` });
    expect([child.exitCode, warned()]).toEqual([null, '']);
    await used();
    expect(warned()).toBe('');
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function warningsOf(child: ChildProcess): () => string {
  let warned = '';
  child.stderr?.on('data', (chunk: Buffer) => (warned += chunk.toString()));
  return () => warned;
}
