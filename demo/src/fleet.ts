import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { guard } from '@plexsphere/stack';

/** Nodes in a process of their own, on the bus or over HTTP: each verifies each envelope by itself. */
export class Fleet {
  private child: ChildProcess | undefined;

  /** `program`: `node-fleet`, or `http-fleet`; `enrolments`: the folder of the files that its Nodes join by. */
  constructor(
    private readonly program: string,
    readonly enrolments: string,
    private readonly args: () => readonly string[],
  ) {}

  /** Returns when every Node has been answered. */
  async start(): Promise<void> {
    const program = join(__dirname, `${this.program}.js`);
    const child = spawn(process.execPath, [program, '--enrolments', this.enrolments, ...this.args()], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
    });
    this.child = child;
    guard.addChild(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the Node process ended with code ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('"ready"')) resolve();
      });
    });
  }

  /** Nothing where it does not run. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}
