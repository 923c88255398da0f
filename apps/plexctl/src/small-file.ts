import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Failure, misuse } from './failure';

interface SmallFile {
  /** The flag that names it: for messages. */
  flag: string;
  mostBytes: number;
  /** Then nobody but its owner may be able to read it. A pipe is nobody else's. */
  isSecret?: boolean;
  /** Then it is to be whoever runs this that has made it: what is taken from it is used as one's own. */
  isOwn?: boolean;
}

/** The text of a file, or of a descriptor (/dev/fd/3). No more of it is read than it may have, whatever it is. */
export function readSmallFile(path: string, { flag, mostBytes, isSecret = false, isOwn = false }: SmallFile): string {
  const field = flag.replaceAll('-', '_');
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    // Asked of the open file and not of the path, which may name another one by the time it is read.
    const status = fstatSync(file);
    if (isSecret && status.isFile() && process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
      throw misuse(`--${flag} refused: others can read it`, field, `chmod 600 ${path}`);
    }
    if (isOwn && process.getuid !== undefined && status.uid !== process.getuid()) {
      throw misuse(`--${flag} refused: somebody else's file`, field, `${path} is another user's: name another folder`);
    }
    const bytes = readUpTo(file, mostBytes + 1);
    if (bytes.length > mostBytes) throw misuse(`--${flag} is larger than ${mostBytes} bytes`, field, `check ${path}`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw misuse(`--${flag} cannot be read: ${code}`, field, `check ${path}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readUpTo(file: number, most: number): Buffer {
  const buffer = Buffer.alloc(most);
  let length = 0;
  for (let count = 1; count > 0 && length < most; length += count) {
    count = readSync(file, buffer, length, most - length, null);
  }
  return buffer.subarray(0, length);
}
