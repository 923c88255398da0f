import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { busKeyOf, isUuid, type BusKey } from '@plexsphere/wire';
import { Failure, misuse } from '../../failure';
import { reserveSecretFile } from '../../secret-file';
import { readSmallFile } from '../../small-file';

/**
 * What the keys of Nodes that are enrolled together are made of. It is on the disk before the first of them is asked for, so
 * that whoever is broken off, or loses an answer, makes the same keys when it is run again, and gets the same Nodes.
 */
export interface Batch {
  id: string;
  keyOf(name: string): BusKey;
  /** Every Node's file is there: nobody needs it any more. */
  end(): void;
}

const FILE = '.plexctl-enrolment.json';
const MOST_BYTES = 1_024;

interface Kept {
  batch: string;
  scope: string;
  secret: string;
}

/** @throws Failure 2 where the folder cannot be written to, or holds the beginning of another scope's */
export function openBatch(folder: string, scope: string): Batch {
  const path = join(folder, FILE);
  const kept = existsSync(path) ? read(path) : begin(folder, path, scope);
  if (kept.scope !== scope) {
    const hint = `${path} is of ${kept.scope}: run that to its end, or name another folder`;
    throw misuse('--out holds an enrolment that has not ended', 'out', hint);
  }
  const secret = Buffer.from(kept.secret, 'base64url');
  return {
    id: kept.batch,
    keyOf: (name) => busKeyOf('user', createHmac('sha256', secret).update(`${scope}/${name}`).digest()),
    end: () => rmSync(path, { force: true }),
  };
}

function begin(folder: string, path: string, scope: string): Kept {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw misuse(`--out cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unwritable'}`, 'out');
  }
  const kept = { batch: randomUUID(), scope, secret: randomBytes(32).toString('base64url') };
  const file = reserveSecretFile(path);
  try {
    file.write(`${JSON.stringify(kept)}\n`, { detail: 'no Node is enrolled', members: {}, hint: `check ${folder}` });
    return kept;
  } finally {
    file.release();
  }
}

function read(path: string): Kept {
  const text = readSmallFile(path, { flag: 'out', mostBytes: MOST_BYTES, isSecret: true, isOwn: true });
  const kept = parsed(text);
  if (kept !== undefined) return kept;
  const hint = `delete ${path}: of what it was begun for, plexctl node list shows what is enrolled`;
  throw new Failure(2, '--out holds an enrolment that cannot be read', { field: 'out' }, hint);
}

/** No error of a parser's: it would quote the secret. */
function parsed(text: string): Kept | undefined {
  try {
    const { batch, scope, secret } = JSON.parse(text) as Partial<Kept>;
    const isKept =
      isUuid(batch) && typeof scope === 'string' && typeof secret === 'string' && /^[\w-]{43}$/.test(secret);
    return isKept ? { batch, scope, secret } : undefined;
  } catch {
    return undefined;
  }
}
