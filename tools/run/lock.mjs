import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { say } from './process.mjs';

const POLL_MS = 200;
// An install over a slow line and a build; longer than this and something hangs.
const PATIENCE_MS = 15 * 60_000;
// Breaking a stale lock takes milliseconds: a breaker as old as this died at it.
const BREAKER_STALE_MS = 10_000;

/** Does the work while no other process of this clone does any under the same lock. */
export async function withLock(lock, work) {
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  const deadline = Date.now() + PATIENCE_MS;
  for (let waited = false; !take(lock); waited = true) {
    const holder = holderOf(lock);
    if (holder !== undefined && !isAlive(holder)) breakStale(lock);
    else if (Date.now() > deadline)
      throw new Error(`Process ${holder} has held ${lock} for too long. If it hangs, end it.`);
    else {
      if (!waited) say(`Waiting for process ${holder}, which installs or builds in this clone.`);
      await delay(POLL_MS);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A folder that is renamed into place, so that the lock is never seen without its holder. Fails where one with a holder is. */
function take(lock) {
  const draft = `${lock}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(`${draft}/pid`, String(process.pid));
  try {
    renameSync(draft, lock);
    return true;
  } catch {
    rmSync(draft, { recursive: true, force: true });
    return false;
  }
}

function holderOf(lock) {
  try {
    return Number(readFileSync(`${lock}/pid`, 'utf8'));
  } catch {
    return undefined; // given back this moment
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** One breaker at a time, who looks again: otherwise a second one could break the lock that the first has just taken. */
function breakStale(lock) {
  const breaker = `${lock}.break`;
  try {
    mkdirSync(breaker);
  } catch {
    const begunAt = statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - begunAt > BREAKER_STALE_MS) rmSync(breaker, { recursive: true, force: true });
    return;
  }
  const holder = holderOf(lock);
  if (holder !== undefined && !isAlive(holder)) rmSync(lock, { recursive: true, force: true });
  rmSync(breaker, { recursive: true, force: true });
}
