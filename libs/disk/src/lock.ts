/**
 * One process at a time per store. A lock file that names its holder; the lock of a process
 * that is gone is taken over, since a Node that was killed must come up again by itself.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A process that holds a store twice is told so, while a pid like ours in a left-over file means nothing. */
const heldHere = new Set<string>();

/** Answers how to let go; undefined while someone else holds it. Throws what the file system throws. */
export function acquireLock(path: string): (() => void) | undefined {
  const file = resolve(path);
  if (heldHere.has(file)) return undefined;
  if (!create(file) && !(removeLeftOver(file) && create(file))) return undefined;
  heldHere.add(file);
  return () => {
    heldHere.delete(file);
    rmSync(file, { force: true });
  };
}

/** By link, which is exclusive and brings the text along: a lock is never there without its holder's name. */
function create(file: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, holderText(process.pid), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Moved aside first: of two processes that find the same left-over only one moves it, and one that moved a lock which
 * is fresh by now puts it back.
 */
function removeLeftOver(file: string): boolean {
  const found = read(file);
  if (found !== undefined && isHeld(found)) return false;
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return true; // Gone meanwhile: the exclusive create decides.
  }
  const fresh = read(aside) !== found;
  if (fresh) linkSync(aside, file);
  rmSync(aside, { force: true });
  return !fresh;
}

function isHeld(text: string): boolean {
  const pid = Number(text.split(' ')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  return isAlive(pid) && holderText(pid) === text;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Pids come again, after a reboot above all: with the start time, where /proc tells it, the text is of one process. */
const holderText = (pid: number): string => `${pid} ${startTime(pid)}`;

function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  // proc(5): field 22, and the second field may itself hold blanks and parentheses.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
