import { open } from 'node:fs/promises';
import { EdgeError } from '../edge-error';

const OTHERS = 0o077;

/**
 * Undefined where there is none.
 * @throws EdgeError `readable_by_others`; what the file system throws
 */
export async function readPrivate(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    // Of the opened file and not of the path, which may be exchanged in between.
    if (((await file.stat()).mode & OTHERS) !== 0) throw new EdgeError('readable_by_others', path);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
