import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { eventually, repositoryRoot } from '@plexsphere/stack';
import type { World } from './world';

/**
 * plexctl as a person at a terminal has it. The terminal is a real one, made by script(1) of util-linux, which every Debian
 * has (bsdutils): Node itself makes none. What it shows is what plexctl writes, and what the terminal writes of the keys.
 */
export class AtTerminal {
  screen = '';
  readonly ended: Promise<number>;
  private seen = 0;
  private hasEnded = false;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    const hear = (chunk: Buffer): void => void (this.screen += chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    // Whoever types into a terminal that has gone is not heard.
    child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      child.on('error', (cause) => reject(new Error('script(1) of util-linux has to make the terminal', { cause })));
      child.on('close', (exitCode) => resolve(exitCode ?? -1));
    });
    void this.ended.catch(() => undefined).then(() => (this.hasEnded = true));
  }

  /** After it the terminal says what it does with keys: `stty -a`. */
  static plexctl(world: World, args: readonly string[]): AtTerminal {
    const program = [process.execPath, join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js')];
    const command = `${[...program, ...args].map(quoted).join(' ')}; ended=$?; stty -a; exit $ended`;
    const env = { PATH: process.env['PATH'], SHELL: '/bin/sh', ...world.stack.env };
    const flags = ['--quiet', '--flush', '--return', '--command', command, '/dev/null'];
    const terminal = new AtTerminal(spawn('script', flags, { env }));
    world.afterwards(() => terminal.close());
    return terminal;
  }

  /** Waits until this stands on the screen, behind what was waited for before. */
  async shows(text: string): Promise<void> {
    const found = (): boolean => this.screen.includes(text, this.seen);
    await eventually(() => found() || this.hasEnded, { describe: `"${text}" on the screen` }).catch(() => undefined);
    if (!found()) throw new Error(`"${text}" is not on the screen, which shows:\n${this.screen}`);
    this.seen = this.screen.indexOf(text, this.seen) + text.length;
  }

  type(keys: string): void {
    this.child.stdin.write(keys);
  }

  private async close(): Promise<void> {
    this.child.kill();
    await this.ended.catch(() => undefined);
  }
}

export const CTRL_C = '\u0003';
export const ENTER = '\r';

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
