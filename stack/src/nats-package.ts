import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

// A mirror that does not answer must not make `npm start` hang.
const DOWNLOAD_TIMEOUT_MS = 180_000;
const NETWORK = ['Acquire::Retries=1', 'Acquire::http::Timeout=20', 'Acquire::https::Timeout=20'];
// As root apt would hand the download to a user of its own, who cannot enter our folder.
const SETTINGS = [...NETWORK, 'APT::Sandbox::User=root'];

/** Debian and Ubuntu: downloads the distribution's package, checked by apt against its signed index, and unpacks it. */
export async function unpackDistributionPackage(folder: string): Promise<string> {
  try {
    await apt(folder, SETTINGS, ['download', 'nats-server']);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('apt-get: not a Debian or Ubuntu system', { cause: error });
    await downloadWithPrivateLists(folder);
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get: downloaded no package');
  await execute('dpkg-deb', ['-x', join(folder, file), join(folder, 'root')]);
  return join(folder, 'root', 'usr', 'sbin', 'nats-server');
}

/** Container images come without package lists, and only root may fetch the system's. */
async function downloadWithPrivateLists(folder: string): Promise<void> {
  const state = join(folder, 'state');
  const cache = join(folder, 'cache');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  const folders = [`Dir::State=${state}`, 'Dir::State::status=/var/lib/dpkg/status', `Dir::Cache=${cache}`];
  await apt(folder, [...SETTINGS, ...folders], ['update']);
  await apt(folder, [...SETTINGS, ...folders], ['download', 'nats-server']);
}

async function apt(folder: string, settings: string[], words: string[]): Promise<void> {
  const args = [...settings.flatMap((setting) => ['-o', setting]), '-q', ...words];
  await execute('apt-get', args, { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } });
}
