import { open, stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { ChannelKeys } from './channel-keys';
import { MAX_TEXT_BYTES, checkTextOptions, keysOfText, type KeyTextOptions } from './key-text';
import { cachedKeys, type CachedKeysOptions } from './read-keys';

export interface FileKeysOptions extends CachedKeysOptions, KeyTextOptions {
  /** What a sink writes, which puts another in its place. */
  path: string;
}

/**
 * Keys that stand in a file: read again within a second of its change. No watch is kept, which would have to be ended, and
 * which not each file system has.
 * @throws ChannelError
 */
export function fileKeys(options: FileKeysOptions): ChannelKeys {
  checkTextOptions(options);
  const { path } = options;
  /** Of the file that was read last, whether it could be or not: a file that comes late is another, too. */
  let read = ABSENT;
  return cachedKeys(options, {
    read: async () => {
      read = await stampOf(path);
      return keysOfText(await textOf(path), options);
    },
    hasChanged: async () => (await stampOf(path)) !== read,
  });
}

const ABSENT = 'absent';

const stampOf = (path: string): Promise<string> =>
  stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs, ctimeNs }: BigIntStats) => [ino, size, mtimeNs, ctimeNs].join(),
    // Whoever reads it finds out what is the matter.
    () => ABSENT,
  );

/** One byte more than is taken, so that what is longer is seen to be. */
async function textOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_TEXT_BYTES + 1), 0, MAX_TEXT_BYTES + 1, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
