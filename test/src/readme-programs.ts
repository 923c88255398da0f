import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
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

/** What a program has said so far on its standard output. */
type Told = () => string;

/** Runs a README's program that serves until `used` is through, which begins once it answers; it has nothing to warn of. */
export async function whileItServes(
  { folder, program, env }: { folder: string; program: string; env: Record<string, string> },
  { asks, used }: { asks: (told: Told) => Promise<unknown>; used: (told: Told) => Promise<void> },
): Promise<void> {
  const child = spawn(process.execPath, [program], { cwd: folder, env: { PATH: process.env['PATH'], ...env } });
  guard.addChild(child);
  const ended = once(child, 'close');
  const [told, warned] = [textOf(child.stdout), textOf(child.stderr)];
  try {
    await eventually(async () => child.exitCode !== null || (await asks(told)), { describe: `${program} to answer` });
    expect([child.exitCode, warned()]).toEqual([null, '']);
    await used(told);
    expect(warned()).toBe('');
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function textOf(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}
