import { misuse } from '../failure';
import { readSmallFile } from '../small-file';

/** The longest that anybody has; a file of another kind is told apart by its size, too. */
const MOST_BYTES = 1_024;

/**
 * A passphrase from a file that nobody else may read, or from a descriptor (/dev/fd/3): never from an argument or from the
 * environment, which are on show to others on the machine. `flag` is for messages.
 */
export function readPassphrase(path: string, flag: string): string {
  const text = readSmallFile(path, { flag, mostBytes: MOST_BYTES, isSecret: true });
  const [line = '', ...more] = text.split(/\r?\n/);
  const field = flag.replaceAll('-', '_');
  if (more.some((other) => other !== '')) throw misuse(`--${flag} has more than one line`, field);
  if (line === '') throw misuse(`--${flag} is empty`, field);
  return line;
}
