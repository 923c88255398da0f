import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileKeys } from '@plexsphere/channel';
import { channelDirection } from '@plexsphere/wire';
import { ChannelEnd } from './channel-end';

const PROGRAM = resolve(__dirname, '../../apps/channel-sink/bin/channel-sink.js');

/** A sink, which is a process, and the service for which it writes: that knows two files, and nothing of us. */
export class SinkAndParty extends ChannelEnd {
  private sink: ChildProcess | undefined;

  constructor(
    name: string,
    sides: readonly [own: string, other: string],
    slug: string,
    private readonly enrolmentFile: string,
  ) {
    super(name, sides, slug);
  }

  /** What the party verifies by. */
  get verifies(): string {
    return this.file('verifies.json');
  }

  /** What it signs by. */
  get signs(): string {
    return this.file('signs.json');
  }

  /** As its files say. */
  kids(scope: string): string[] {
    const path = scope === this.sends ? this.signs : this.verifies;
    if (!existsSync(path)) return [];
    const written = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    return path === this.signs ? [written['key_id'] ?? ''] : Object.keys(written);
  }

  startSink(): void {
    const args = ['--enrolment', this.enrolmentFile, '--store', this.file('store'), '--look-every', '1s'];
    const rings = [
      ...['--ring', ringOf(this.receives), '--to', `file:${this.verifies}`, '--format', 'map'],
      ...['--ring', ringOf(this.sends), '--to', `file:${this.signs}`, '--format', 'active'],
    ];
    const env = { PATH: process.env['PATH'] };
    this.sink = spawn(process.execPath, [PROGRAM, ...args, ...rings], { env, stdio: 'ignore' });
  }

  /** The party talks on by what its files say. */
  async stopSink(): Promise<void> {
    const { sink } = this;
    this.sink = undefined;
    if (sink === undefined) return;
    const ended = once(sink, 'exit');
    sink.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }

  /** Not before its files are there. */
  async startParty(): Promise<void> {
    await this.listen({
      sends: fileKeys({ scope: this.sends, path: this.signs, format: 'active' }),
      receives: fileKeys({ scope: this.receives, path: this.verifies, format: 'map' }),
    });
  }

  async stop(): Promise<void> {
    this.sink?.kill('SIGKILL');
    await this.hangUp();
  }

  private file(name: string): string {
    return join(dirname(this.enrolmentFile), `${this.name}.${name}`);
  }
}

const ringOf = (scope: string): string => {
  const { from, to } = channelDirection(scope)!;
  return `${from}-to-${to}`;
};
