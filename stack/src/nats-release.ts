import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const DOWNLOAD_TIMEOUT_MS = 180_000;

/**
 * SHA-256 of the project's release archives. Linux: as pinned in the nats-io/nats-docker image of that version. macOS:
 * of a release whose Linux sums are the same there and where these two were found (cashapp/hermit-packages). For a demo on
 * one machine: later releases close more holes, and production takes one of those.
 */
const RELEASES: Readonly<Record<string, { name: string; version: string; sha256: string }>> = {
  'linux-x64': {
    version: '2.10.29',
    name: 'nats-server-v2.10.29-linux-amd64',
    sha256: 'e314da74a83a1d3876db8814c27eb990fe729640fd6452025b441bcede8390da',
  },
  'linux-arm64': {
    version: '2.10.29',
    name: 'nats-server-v2.10.29-linux-arm64',
    sha256: 'da4b27942ecfb4c5f0c54553d2e7f470ddda9d7581cfe8131b351a0e223ed401',
  },
  'darwin-x64': {
    version: '2.11.9',
    name: 'nats-server-v2.11.9-darwin-amd64',
    sha256: '6b46d52e327ea0c177cf64d7afb9159031972adfef961ce0bef24eaf2a6754fd',
  },
  'darwin-arm64': {
    version: '2.11.9',
    name: 'nats-server-v2.11.9-darwin-arm64',
    sha256: '600b5cdca8cfe634881b53c782b5f6384500a3ffcb10cc83d02a6239f788d48c',
  },
};

/** Downloads the official release for this platform, refuses it when its checksum is another, and unpacks it. */
export async function unpackOfficialRelease(folder: string): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const release = RELEASES[platform];
  if (!release) throw new Error(`official release: none is pinned for ${platform}`);
  const url = `https://github.com/nats-io/nats-server/releases/download/v${release.version}/${release.name}.tar.gz`;
  const archive = await download(url);
  const sum = createHash('sha256').update(archive).digest('hex');
  if (sum !== release.sha256) throw new Error(`official release: ${url} has SHA-256 ${sum}, not ${release.sha256}`);
  const file = join(folder, 'release.tar.gz');
  await writeFile(file, archive);
  await execute('tar', ['-xzf', file, '-C', folder]);
  return join(folder, release.name, 'nats-server');
}

async function download(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new Error(`official release: ${url}: ${reason}`, { cause: error });
  }
}
