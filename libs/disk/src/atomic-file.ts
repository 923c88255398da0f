import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file by one of the new text, 0600; whoever reads, at any instant and after any crash, finds the old text or the
 * new one. One writer at a time. Once it returns, the new text is on the disk.
 *
 * `beforeRename` is the last moment to refuse by throwing: then nothing has changed.
 */
export async function writeAtomically(path: string, text: string, beforeRename?: () => Promise<void>): Promise<void> {
  const file = await openReplaced(path, text, beforeRename);
  await file.close();
}

/** The same, for whoever writes on behind the text. */
export async function openReplaced(
  path: string,
  text: string,
  beforeRename: () => Promise<void> = async () => undefined,
): Promise<FileHandle> {
  // One name: what a killed process left behind has secrets in it, and goes with the next write.
  const draft = join(dirname(path), `.${basename(path)}.draft`);
  const file = await openNew(draft);
  try {
    try {
      await file.writeFile(text);
      // Before the rename: else the name may survive a power cut, and what stands behind it not.
      await file.sync();
      await beforeRename();
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Tried first: to look for what is hardly ever there takes longer than to make the file. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'ax', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await rm(path);
    return open(path, 'ax', 0o600);
  }
}

/** Of what was made, renamed or removed in it: a name is on the disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
