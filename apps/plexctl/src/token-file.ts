import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { readBusCredential, type BusCredential } from '@plexsphere/bus-client';
import { isUuid, parseTokenFile } from '@plexsphere/wire';
import { Failure } from './failure';

/** What the token file holds, of which the bus needs the first two. */
export interface Token {
  /** Who asks: the commands go to subjects below this id, and the bus vouches for it. */
  operator: string;
  /** Made of `bus_credential`, JWT and seed in the form of a NATS .creds file. */
  credential: BusCredential;
}

/**
 * Reads the operator's token file.
 * @throws Failure 77, naming the file and never what is in it.
 */
export function readTokenFile(path: string): Token {
  const token = parseToken(read(path));
  if (token === undefined) throw refusal(path, 'not a token file', 'an admin hands out token files; take it as it is');
  return token;
}

function read(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    // Asked of the open file and not of the path, which may name another one by the time it is read.
    const { mode } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw refusal(path, 'others can read it', `chmod 600 ${path}, and have it replaced if others did read it`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw refusal(path, cause, '--token-file or PLEXSPHERE_TOKEN_FILE names the file that an admin handed you');
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function parseToken(text: string): Token | undefined {
  const { operator, busCredential } = parseTokenFile(text);
  if (!isUuid(operator) || busCredential === undefined) return undefined;
  try {
    return { operator, credential: readBusCredential(busCredential) };
  } catch {
    return undefined;
  }
}

const refusal = (path: string, cause: string, hint: string): Failure =>
  new Failure(77, 'token file refused', { file: path, cause }, hint);
