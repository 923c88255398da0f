import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure, misuse } from '../../failure';

/**
 * The enrolment file is opened before the service is asked, under a name of its own beside its place: a folder that
 * cannot be written to is found while nothing has happened yet. It comes to its place by a link, which makes it appear
 * whole or not at all, and which (unlike a rename) refuses a place that somebody took meanwhile.
 */
export interface EnrolmentFile {
  path: string;
  /** @throws Failure 1 with the id of the Node, which is enrolled by then. */
  write(text: string, nodeId: string): void;
  /** Takes away what was not written. */
  release(): void;
}

export function reserveEnrolmentFile(path: string): EnrolmentFile {
  if (existsSync(path)) throw misuse('--out exists already', 'out', `${path} is not overwritten: name another file`);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`);
  const file = open(draft);
  let isKept = false;
  return {
    path,
    write(text, nodeId) {
      try {
        writeSync(file, text);
        fsyncSync(file);
        isKept = true;
        linkSync(draft, path);
        isKept = false;
      } catch (error) {
        throw notWritten(error, nodeId, isKept ? draft : undefined);
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
function notWritten(error: unknown, nodeId: string, draft: string | undefined): Failure {
  const cause = (error as NodeJS.ErrnoException).code ?? 'unwritable';
  const hint =
    draft === undefined
      ? 'the Node stays pending: it is enrolled and nobody has its credential; enrol it under another name'
      : `the enrolment is in ${draft}: move it to where you want it`;
  return new Failure(1, 'the Node is enrolled, its file is not written', { node_id: nodeId, cause }, hint);
}
