import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackDistributionPackage } from './nats-package';
import { unpackOfficialRelease } from './nats-release';

const execute = promisify(execFile);

// RePublish with per-subject expected sequences; nothing newer is used.
const OLDEST: readonly [number, number] = [2, 9];

/** Brings a nats-server into an empty folder and answers with its path. */
type Source = (folder: string) => Promise<string>;

/**
 * The path of a nats-server ≥ 2.9: the installed one, else one kept in `cacheFolder`, else the distribution's package
 * or the official release, unpacked into that folder. Nothing is installed on the machine.
 */
export async function natsServerBinary(cacheFolder: string): Promise<string> {
  const cached = join(cacheFolder, 'nats-server');
  for (const path of [...installedPaths(), cached]) if (await isRecentEnough(path)) return path;

  await mkdir(cacheFolder, { recursive: true, mode: 0o700 });
  const failures: string[] = [];
  for (const source of [unpackDistributionPackage, unpackOfficialRelease]) {
    try {
      await bring(source, cacheFolder, cached);
      return cached;
    } catch (error) {
      failures.push(`- ${(error as Error).message.trim()}`);
    }
  }
  throw new Error(
    `no nats-server ${OLDEST.join('.')} or later found. Install one (package nats-server, or brew install nats-server) ` +
      `so that it is on the PATH, or put the program at ${cached}. What was tried:\n${failures.join('\n')}`,
  );
}

/** Debian puts it into /usr/sbin, which is not on the PATH of plain users. */
const installedPaths = (): string[] =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin']
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'nats-server'));

async function isRecentEnough(path: string): Promise<boolean> {
  const version = await execute(path, ['--version'], { timeout: 10_000 }).catch(() => undefined);
  const [, major, minor] = /v(\d+)\.(\d+)\./.exec(version?.stdout ?? '') ?? [];
  return (
    major !== undefined && (Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]))
  );
}

/** The rename is atomic: two processes that look for it at once both end with a whole program. */
async function bring(source: Source, cacheFolder: string, cached: string): Promise<void> {
  const draft = await mkdtemp(join(cacheFolder, 'draft-'));
  try {
    const path = await source(draft);
    if (!(await isRecentEnough(path)))
      throw new Error(`the nats-server of this source is too old or does not run here`);
    await rename(path, cached);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
