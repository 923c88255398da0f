import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { guard } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { project } from './project';

export const step: Step = async (world) => {
  const folder = await project(world);
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const enrolment = join(folder, 'edge-1.node.json');
  await world.plexctl(['node', 'add', '--scope', world.domain, '--name', 'edge-1', '--out', enrolment]);

  await publish(world, 1);
  expect(await runUntil(world, 'node.mjs', '1 route_updated {"n":1}')).toEqual(['1 route_updated {"n":1}']);

  // The same Node, as it left its folder: by the other kind of module, and over a rotation that it slept through.
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await publish(world, 2);
  expect(await runUntil(world, 'node.cjs', '2 route_updated {"n":2}')).toEqual(['2 route_updated {"n":2}']);
};

const publish = (world: World, n: number) =>
  world.json(['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'], `{"n":${n}}`);

/** Its lines, once it has stopped in order. It has nothing to warn of. */
async function runUntil(world: World, program: string, line: string): Promise<string[]> {
  const child = spawn(process.execPath, [program], { cwd: await project(world), env: { PATH: process.env['PATH'] } });
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
