import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { guard } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';
import type { World } from '../../src/world';

export const publish = (world: World, n: number) =>
  world.json(['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'], `{"n":${n}}`);

/** The lines that a program prints, once it has stopped in order. It has nothing to warn of. */
export async function runUntil(world: World, cwd: string, program: string, line: string): Promise<string[]> {
  const child = spawn(process.execPath, [program], { cwd, env: { PATH: process.env['PATH'] } });
  guard.addChild(child);
  world.afterwards(async () => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let [told, warned] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (warned += chunk.toString()));
  const lines = (): string[] => told.split('\n').filter((each) => each !== '');
  await eventually(() => lines().includes(line) || child.exitCode !== null, { describe: line, timeoutMs: 60_000 });
  child.kill('SIGTERM');
  expect([await ended, warned]).toEqual([[0, null], '']);
  return lines();
}
