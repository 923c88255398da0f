import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { guard } from '@plexsphere/stack';

/** The Nodes' own process: every one of them a real subscriber that verifies each envelope with the node-sdk. */
export class Fleet {
  private constructor(private readonly child: ChildProcess) {}

  /** Returns when every Node has been answered by a relay. */
  static async start(enrolments: string, out: string): Promise<Fleet> {
    const program = join(__dirname, 'node-fleet.js');
    const child = spawn(process.execPath, [program, '--enrolments', enrolments, '--out', out], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
    });
    guard.addChild(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the Node process ended with code ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('"ready"')) resolve();
      });
    });
    return new Fleet(child);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}
