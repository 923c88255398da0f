import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file by one of the new text, 0600; whoever reads, at any instant and after any crash, finds the old text
 * or the new one. One writer at a time. Once it returns, the new text is on the disk.
 */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    // Before the rename: else the name may survive a power cut, and what stands behind it not.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** Of the rename itself: a name is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
