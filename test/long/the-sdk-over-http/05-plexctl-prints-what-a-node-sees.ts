import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { guard, repositoryRoot } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { rotate } from './hands';

export const step: Step = async (world) => {
  const files = [
    (await world.addHttpNode(world.domain, 'seen-over-http')).enrolmentFile,
    (await world.addNode(world.domain, 'seen-on-the-bus')).enrolmentFile,
  ];
  const listeners = files.map((file) => new Listener(world, file));
  await Promise.all(listeners.map((each) => each.sees((seen) => seen['what'] === 'ready')));
  await rotate(world, 'k6');
  await world.json(['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'], '{"n":6}');
  for (const listener of listeners) {
    await listener.sees((seen) => seen['what'] === 'event' && seen['payload'] === '{"n":6}' && seen['key_id'] === 'k6');
    expect(await listener.interrupt()).toEqual([0, null]);
    expect(listener.said).toBe('');
    const [first, ...others] = listener.seen;
    expect(first).toMatchObject({ what: 'trusts', key_ids: ['k5'] });
    expect(others).toContainEqual(expect.objectContaining({ what: 'trusts', key_ids: ['k6', 'k5'] }));
    expect(others.at(-1)).toMatchObject({ what: 'stopped', applied: 1, refused: {} });
  }
};

/** plexctl as its own process. */
class Listener {
  said = '';
  private printed = '';
  private readonly child;
  private readonly ended: Promise<unknown[]>;

  constructor(world: World, file: string) {
    const program = join(repositoryRoot, 'apps/plexctl/bin/plexctl.js');
    const args = ['node', 'listen', '--file', file, '--output', 'json'];
    this.child = spawn(process.execPath, [program, ...args], { env: { PATH: process.env['PATH'] } });
    guard.addChild(this.child);
    world.afterwards(async () => void this.child.kill('SIGKILL'));
    this.ended = once(this.child, 'close');
    this.child.stdout.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
    this.child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
  }

  get seen(): Record<string, unknown>[] {
    const lines = this.printed.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async sees(what: (seen: Record<string, unknown>) => boolean): Promise<void> {
    await eventually(() => this.seen.some(what), { describe: 'a line' }).catch(() => {
      throw new Error(`not seen: ${this.printed}${this.said}`);
    });
  }

  interrupt(): Promise<unknown[]> {
    this.child.kill('SIGINT');
    return this.ended;
  }
}
