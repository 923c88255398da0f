import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure, misuse } from './failure';

/**
 * A file with a secret in it, for its owner alone. It is opened before the service is asked, under a name of its own
 * beside its place: a folder that cannot be written to is found while nothing has happened yet. It comes to its place by
 * a link, which makes it appear whole or not at all, and which (unlike a rename) refuses a place that somebody took
 * meanwhile.
 */
interface SecretFile {
  path: string;
  /** @throws Failure 1 with what `done` says has been done by then. */
  write(text: string, done: Done): void;
  /** Takes away what was not written. */
  release(): void;
}

/** What the service has done already when the file cannot be written. */
export interface Done {
  detail: string;
  members: Readonly<Record<string, unknown>>;
  /** What to do where the secret is lost. */
  hint: string;
}

/** @throws Failure 2 where it is there, or cannot be written */
export function reserveSecretFile(path: string): SecretFile {
  if (existsSync(path)) throw misuse('--out exists already', 'out', `${path} is not overwritten: name another file`);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`);
  const file = open(draft);
  let isKept = false;
  return {
    path,
    write(text, done) {
      try {
        writeSync(file, text);
        fsyncSync(file);
        isKept = true;
        linkSync(draft, path);
        isKept = false;
      } catch (error) {
        throw notWritten(error, done, isKept ? draft : undefined);
      }
    },
    release() {
      closeSync(file);
      if (!isKept) rmSync(draft, { force: true });
    },
  };
}

function open(draft: string): number {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw misuse(`--out cannot be written: ${code}`, 'out', `check the folder ${dirname(draft)}`);
  }
}

/** `draft` holds the whole text where only the last step, its name, failed: then nothing is lost. */
function notWritten(error: unknown, done: Done, draft: string | undefined): Failure {
  const cause = (error as NodeJS.ErrnoException).code ?? 'unwritable';
  const hint = draft === undefined ? done.hint : `the file is in ${draft}: move it to where you want it`;
  return new Failure(1, done.detail, { ...done.members, cause }, hint);
}
