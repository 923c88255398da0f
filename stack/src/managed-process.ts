import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './eventually';
import { guard } from './guard';
import { LogFile } from './log-file';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Launch {
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number | undefined;
  gid?: number | undefined;
}

/** After this a process that was asked to stop is taken to be stuck, and is killed. */
const STOP_PATIENCE_MS = 10_000;

/** A program of the stack that can be started, stopped, crashed and started again under the same name. */
export abstract class ManagedProcess {
  readonly log: LogFile;
  #child: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #ending: Promise<void> | undefined;
  #runOffset = 0;

  protected constructor(
    /** Which part of the stack this is: `postgres`, `nats-server`, `rotation`, … */
    readonly service: string,
    /** Unique in its stack: `rotation-2`. */
    readonly name: string,
    logPath: string,
  ) {
    this.log = new LogFile(logPath);
  }

  /** Told after each launch and each exit, so that whoever writes down process ids has the present ones. */
  onChange: () => void = () => undefined;

  /** What asks it to end when we are gone without having stopped it. */
  protected readonly lastSignal: NodeJS.Signals = 'SIGTERM';

  /** Resolves when the program answers; rejects, with the end of its log, when it cannot. */
  abstract start(): Promise<void>;

  /** The running process; undefined when there is none. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the present run ends; at once where nothing runs. */
  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /** Where in the log file the present run begins. */
  get runOffset(): number {
    return this.#runOffset;
  }

  /** Asks the program to end, and kills it when it has not after ten seconds. */
  async stop(): Promise<void> {
    await this.stopWith('SIGTERM');
  }

  /** Sends a signal; with the default, waits until the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal);
    if (signal === 'SIGKILL') await this.#exited;
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** Lets our own process end while this one runs: somebody else sees to its end. */
  unref(): void {
    if (this.#child?.pid !== undefined) guard.drop(this.#child.pid);
    this.#child?.unref();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  protected refuseWhenRunning(): void {
    if (this.running) throw new Error(`${this.name} is running already (pid ${this.pid})`);
  }

  protected signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child?.kill(signal);
  }

  /** One signal a run, however often it is asked for: a second one cuts a service's orderly end short. */
  protected stopWith(signal: NodeJS.Signals): Promise<void> {
    this.#ending ??= this.end(signal);
    return this.#ending;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    // A paused process gets its signal only once it goes on.
    this.resume();
    const patience = new AbortController();
    const stuck = delay(STOP_PATIENCE_MS, true, { signal: patience.signal, ref: false }).catch(() => false);
    if (await Promise.race([this.#exited.then(() => false), stuck])) await this.kill();
    patience.abort();
  }

  protected async launch({ command, args, ...options }: Launch): Promise<void> {
    this.refuseWhenRunning();
    this.#ending = undefined;
    this.#runOffset = this.log.size;
    const log = openSync(this.log.path, 'a', 0o600);
    // Detached: a Ctrl-C in the terminal goes to the supervisor alone, which then stops everything in order.
    const child = spawn(command, args, { ...options, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: null, signal: null }));
    });
    void this.#exited.then(() => this.onChange());
    const { pid } = child;
    if (pid !== undefined) {
      guard.add(pid, this.lastSignal);
      void this.#exited.then(() => guard.drop(pid));
    }
    if (pid === undefined) await once(child, 'spawn');
    this.onChange();
  }

  /** Polls until the condition holds. Throws, with the end of the log, when the process ends before or time is up. */
  protected async untilReady<T>(condition: () => T | Promise<T>, timeoutMs: number): Promise<T> {
    const ended = Symbol('ended');
    const found = await eventually(async () => (await condition()) || (this.running ? undefined : ended), {
      timeoutMs,
      describe: `${this.name} to be ready`,
    }).catch((error: Error) => {
      throw new StartFailure(`${error.message}\n${this.log.tail(this.#runOffset)}`);
    });
    if (found !== ended) return found as T;
    const { code, signal } = await this.#exited;
    throw new StartFailure(`${this.name} ended (${signal ?? `exit code ${code}`})\n${this.log.tail(this.#runOffset)}`);
  }
}

/** A program did not get ready; the message ends with the last lines of its log. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}
