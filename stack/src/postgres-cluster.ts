import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port';
import { createPrivateFolder, removePrivateFolder } from './private-folder';
import { readSettings, writeSettings, type ServerSettings } from './server-process';
import type { User } from './unprivileged-user';

const execute = promisify(execFile);

export const SERVICE = 'postgres';

export interface Settings extends ServerSettings {
  /** The owner's. */
  password: string;
}

export const OWNER = 'plexsphere';

/** Nobody's PGPORT, PGOPTIONS or locale from outside may shape the server. */
export const postgresEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C', LANG: 'C' });

/** Where the cluster really is: the server's user may not be able to follow our link to it. */
export const clusterFolder = async (folder: string): Promise<string> =>
  join(await realpath(join(folder, 'data')), 'cluster');

/** Makes an empty cluster. The settings are written last: where they are, the cluster is whole. */
export async function initialise(
  folder: string,
  binaries: string,
  user: User | undefined,
  { flags, inMemory }: { flags: string[]; inMemory: boolean },
): Promise<Settings> {
  const data = join(folder, 'data');
  await removePrivateFolder(data);
  await createPrivateFolder(data, user, inMemory);
  const settings = { port: await freePort(), password: randomBytes(24).toString('base64url') };

  const passwordFile = join(await realpath(data), 'password');
  await writeFile(passwordFile, settings.password, { mode: 0o600, flag: 'wx' });
  if (user) await chown(passwordFile, user.uid, user.gid);
  const args = ['-D', await clusterFolder(folder), '-U', OWNER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  args.push('--encoding=UTF8', '--locale=C', ...flags);
  try {
    await execute(join(binaries, 'bin', 'initdb'), args, { cwd: '/', env: postgresEnvironment(), ...user });
  } finally {
    await rm(passwordFile, { force: true });
  }
  writeSettings(folder, SERVICE, settings);
  return settings;
}

/** As `initialise`, but as a copy. @throws Error where nothing was made below `from` */
export async function copyCluster(from: string, to: string, user: User | undefined): Promise<void> {
  const settings = await readSettings<Settings>(from, SERVICE);
  if (settings === undefined) throw new Error(`no PostgreSQL was made below ${from}`);
  await createPrivateFolder(join(to, 'data'), user);
  // cp keeps owner and mode, which PostgreSQL insists on, and takes a tenth of the time of Node's own.
  await execute('cp', ['-Rp', await clusterFolder(from), await clusterFolder(to)]);
  writeSettings(to, SERVICE, { ...settings, port: await freePort() } as Settings);
}
