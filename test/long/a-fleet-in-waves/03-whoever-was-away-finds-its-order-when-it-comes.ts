import type { FleetRun } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { theHosts } from './hands';

export const step: Step = async (world) => {
  const [, away] = theHosts(world);
  const { id } = away!.host;
  await world.json(['node', 'tag', '--node-id', id, '--add', 'away']);
  const rotate = ['edge', 'fleet', 'keys', 'rotate', '--target', 'tags.any=away', '--deadline', '60s', '--no-wait'];
  const { run, nodes } = (await world.json([...rotate])) as FleetRun;
  expect(nodes).toBe(1);
  const before = away!.generation;
  const watching = world.plexctl(['edge', 'fleet', 'watch', run]);
  await away!.comes();
  const { exitCode, stdout } = await watching;
  expect([exitCode, away!.generation]).toEqual([0, before + 1]);
  expect(stdout).toBe(
    `[wave 1] starting 1 of 1 node\n[n-${id.slice(0, 6)} host-01] ✔ rotated (old key archived; new token bound)\n` +
      `[run ${run}] finished: 1 rotated of 1 node\n`,
  );
};
