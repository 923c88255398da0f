import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, eventually, localFolder, processIdentity, repositoryRoot } from '@plexsphere/stack';

/**
 * Runs the real demo until its Nodes are being enrolled, sends it the signal as a terminal would, to its whole group, and
 * waits until nothing of it is left: no process that descends from it, and nothing on the disk.
 */
export async function interruptedDemo(signal: NodeJS.Signals): Promise<{ found: number }> {
  const demo = spawn(process.execPath, [join(repositoryRoot, 'demo', 'dist', 'main.js'), '--nodes', '30'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own, as a shell makes it.
    detached: true,
  });
  const pid = demo.pid ?? 0;
  let told = '';
  demo.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await eventually(() => told.includes('signs by'), { timeoutMs: 120_000, describe: 'the Domain of the demo' });
  // The database, the bus, eight services and a plexctl that enrols.
  const everything = await eventually((): number[] | undefined => {
    const found = descendants(pid);
    return found.length >= 11 ? found : undefined;
  });
  const identities = everything.map((each) => [each, processIdentity(each)] as const);
  const data = demoFolders(pid).map((name) => join(localFolder, name));

  process.kill(-pid, signal);
  // npm and run.mjs are in the group as well, and hand on what they get.
  if (signal !== 'SIGKILL') demo.kill(signal);
  const left = (): number[] =>
    identities.flatMap(([each, identity]) =>
      identity !== undefined && processIdentity(each) === identity ? [each] : [],
    );
  await eventually(() => left().length === 0, { describe: `the demo's processes to end` });
  await eventually(() => !data.some(existsSync), { describe: `the demo's files to go` });
  return { found: everything.length };
}

const demoFolders = (pid: number): string[] =>
  readdirSync(localFolder).filter((name) => name.startsWith(`demo-${pid}-`));

const descendants = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
