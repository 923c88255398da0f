/**
 * A file that is written in two steps: its room on the disk before a request, its text after the answer, so that a disk that
 * fills up in between cannot keep the host from what the platform has committed. Then one rename puts it in place.
 */
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '@plexsphere/disk';

const draftOf = (path: string): string => join(dirname(path), `.${basename(path)}.reserved`);

/** Real blanks: a file that was only made longer has no room yet. */
export async function reserve(path: string, bytes: number): Promise<void> {
  await write(draftOf(path), 'w', ' '.repeat(bytes));
}

/** In the room that `reserve` has made, or anew. Whoever reads finds what was there before, or all of the text. */
export async function fill(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await write(draft, 'r+', text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await write(draft, 'w', text);
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

export const release = (path: string): Promise<void> => rm(draftOf(path), { force: true });

async function write(path: string, flags: 'w' | 'r+', text: string): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    // Goes on behind what a disk that fills up has taken of it: a write alone would say so by its count only.
    await file.writeFile(text);
    await file.truncate(Buffer.byteLength(text));
    await file.sync();
  } finally {
    await file.close();
  }
}
