import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

/**
 * Sees to it that nothing outlives this process: a small process of its own (guard.mjs) that holds a pipe from us, and
 * ends what it was told of when the system closes the pipe. It runs as long as there is something to guard.
 */
class Guard {
  #watching: Writable | undefined;
  #guarded = new Set<string>();

  /** A process that is to end with us; `signal` asks it to. */
  add(pid: number, signal: NodeJS.Signals): void {
    this.begin(`process ${pid}`, `add ${pid} ${signal}`);
  }

  /** It has ended, or somebody else sees to its end. */
  drop(pid: number): void {
    this.end(`process ${pid}`, `drop ${pid}`);
  }

  /** A file or folder that is to go with us. */
  erase(path: string): void {
    this.begin(`path ${path}`, `erase ${path}`);
  }

  keep(path: string): void {
    this.end(`path ${path}`, `keep ${path}`);
  }

  /** A child that ends by itself at some time, unless we are gone before. */
  addChild(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.add(pid, 'SIGTERM');
    child.once('exit', () => this.drop(pid));
  }

  private begin(what: string, line: string): void {
    this.#watching ??= watcher();
    this.#guarded.add(what);
    this.#watching.write(`${line}\n`);
  }

  private end(what: string, line: string): void {
    if (!this.#guarded.delete(what)) return;
    this.#watching?.write(`${line}\n`);
    if (this.#guarded.size > 0) return;
    this.#watching?.end();
    this.#watching = undefined;
  }
}

function watcher(): Writable {
  const program = join(__dirname, '..', 'guard.mjs');
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  // Somebody may have ended it; what it guarded is then ended by us alone.
  child.on('error', () => undefined);
  const { stdin } = child;
  stdin.on('error', () => undefined);
  (stdin as unknown as { unref(): void }).unref();
  return stdin;
}

/** One for the whole process. */
export const guard = new Guard();

const LOOK_EVERY_MS = 500;

/** Tells once when whoever started this process is gone: a signal to it may never have reached us. */
export function whenOrphaned(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, LOOK_EVERY_MS);
  timer.unref();
}
