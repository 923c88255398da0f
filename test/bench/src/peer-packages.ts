import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peersFolder } from './peer';

/**
 * Installs what peers are made of that the product does not use, as their lock file says: once, into their own folder, and
 * for the rows that need it alone.
 */
export async function installPeers(): Promise<void> {
  if (await isInstalled()) return;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const child = spawn('npm', args, { cwd: peersFolder, stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`npm ci of the peers failed (${code})`);
}

interface Lock {
  packages: Record<string, { version?: string }>;
}

/** npm writes down what it has installed. */
async function isInstalled(): Promise<boolean> {
  const record = join(peersFolder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const [there, wanted] = await Promise.all(
    [record, join(peersFolder, 'package-lock.json')].map(
      async (file) => JSON.parse(await readFile(file, 'utf8')) as Lock,
    ),
  );
  const isThere = ([path, { version }]: [string, { version?: string }]): boolean =>
    path === '' || there?.packages[path]?.version === version;
  return Object.entries(wanted?.packages ?? {}).every(isThere);
}
