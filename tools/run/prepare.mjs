import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildStamp } from './build-stamp.mjs';
import { npm, root, runQuietly, say } from './process.mjs';

const modules = join(root, 'node_modules');
const stamp = join(modules, '.plexsphere-lock');

/** npm ci, unless what package-lock.json asks for is installed. */
export async function ensureDependencies() {
  const lock = await readFile(join(root, 'package-lock.json'), 'utf8');
  const wanted = createHash('sha256').update(lock).digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  if (!(await isInstalledByHand(JSON.parse(lock)))) {
    say('Installing dependencies (npm ci), once.');
    // Build tools are development dependencies: NODE_ENV=production would leave them out.
    const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
    await mustSucceed('npm ci', npm(args));
  }
  await writeFile(stamp, wanted);
}

/** Somebody ran npm ci themselves: npm's own record of what it installed names the same versions. */
async function isInstalledByHand(lock) {
  const record = await readFile(join(modules, '.package-lock.json'), 'utf8').catch(() => undefined);
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages;
  const isWanted = ([path, { version, link }]) => link || lock.packages[path]?.version === version;
  const isThere = ([path, { optional }]) =>
    path === '' || optional || !path.startsWith('node_modules/') || (installed[path] && existsSync(join(root, path)));
  return Object.entries(installed).every(isWanted) && Object.entries(lock.packages).every(isThere);
}

/** Builds what has changed since the last build, if anything has. */
export async function build() {
  const built = new BuildStamp(root, join(root, '.plexsphere', 'built'));
  if (await built.isCurrent()) return;
  if (!existsSync(join(root, 'stack/dist'))) say('Building.');
  const nx = join(modules, 'nx', 'dist', 'bin', 'nx.js');
  await mustSucceed('The build', [process.execPath, [nx, 'run-many', '-t', 'build']]);
  await built.note();
}

async function mustSucceed(what, [command, args]) {
  const code = await runQuietly(command, args);
  if (code !== 0) throw new Error(`${what} failed (exit code ${code}).`);
}
