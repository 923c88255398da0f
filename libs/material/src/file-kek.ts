import { randomBytes } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { MaterialError } from './errors';
import { KEK_BYTES, LocalKek, type KekProvider } from './kek';

/** Room for 32 bytes in base64 and a line end; whatever is longer is no KEK and is not read whole. */
const MOST_BYTES = 64;

/**
 * The KEK in a file: 32 bytes in standard base64, 0600. Never makes one: a signer that did would wrap keys that no other
 * signer can open.
 * @throws MaterialError kek_missing, kek_exposed, kek_malformed
 */
export async function readKekFile(path: string): Promise<KekProvider> {
  const file = await open(path, 'r').catch(() => {
    throw new MaterialError('kek_missing', { path });
  });
  try {
    // Asked of the open file, not of the path, so that what was looked at is what is read.
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw new MaterialError('kek_exposed', { path });
    return new LocalKek(decode(await firstBytes(file), path));
  } finally {
    await file.close();
  }
}

/** For bootstrap alone. Refuses to replace one: what it wrapped would be lost. */
export async function createKekFile(path: string): Promise<KekProvider> {
  const key = randomBytes(KEK_BYTES);
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new MaterialError('kek_exists', { path }) : error;
  });
  try {
    await file.writeFile(`${key.toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return new LocalKek(key);
}

async function firstBytes(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0).catch(() => {
    // A folder opens and does not read.
    return { buffer: Buffer.alloc(0), bytesRead: 0 };
  });
  return buffer.toString('latin1', 0, bytesRead);
}

function decode(text: string, path: string): Buffer {
  const encoded = text.replace(/\r?\n$/, '');
  const key = Buffer.from(encoded, 'base64');
  // Buffer skips what it cannot read: only the canonical spelling comes back as it was.
  if (key.length !== KEK_BYTES || key.toString('base64') !== encoded)
    throw new MaterialError('kek_malformed', { path });
  return key;
}
