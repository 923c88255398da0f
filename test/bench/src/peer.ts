import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const peersFolder = join(__dirname, '..', 'peers');

/** A program of ../peers in a process of its own, which answers each message by one. */
export class Peer {
  private constructor(private readonly child: ChildProcess) {}

  static begin(file: string, execArgv: string[] = []): Peer {
    const ends = ['--import', join(peersFolder, 'ends-with-its-bench.mjs')];
    return new Peer(fork(join(peersFolder, file), { execArgv: [...execArgv, ...ends] }));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** @throws Error where it ends instead */
  async ask<Reply>(question: object): Promise<Reply> {
    const gaveUp = new AbortController();
    const { signal } = gaveUp;
    const ended = once(this.child, 'exit', { signal }).then(([code]) => {
      throw new Error(`a peer ended by itself (${String(code)})`);
    });
    const answered = once(this.child, 'message', { signal });
    try {
      this.child.send(question);
      const [reply] = (await Promise.race([answered, ended])) as [Reply];
      return reply;
    } finally {
      gaveUp.abort();
      await Promise.allSettled([answered, ended]);
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
