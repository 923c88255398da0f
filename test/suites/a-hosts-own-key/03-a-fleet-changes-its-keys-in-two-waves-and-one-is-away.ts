import type { EdgeHost } from '../../src/edge-host';
import type { Step } from '../../src/tell-story';
import { fleetOf, keysOf } from './hands';

const lineOf = ({ nodeId, name }: EdgeHost, rest: string): string => `[n-${nodeId.slice(0, 6)} ${name}] ${rest}`;

/** Each is told when it has confirmed, or why it has not; who was away finds what waits for it when it comes. */
export const step: Step = async (world) => {
  const { hosts } = fleetOf(world);
  const [changing, lost, other, away] = hosts;
  await away.stop();
  const rotate = ['edge', 'fleet', 'keys', 'rotate', '--mode', 'rolling=2'];
  const ran = await world.plexctl([...rotate, '--target', world.domain, '--deadline', '8s']);

  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining('not every node has rotated')]);
  const lines = ran.stdout.trimEnd().split('\n');
  const told = lines.map((line) => line.replace(/since \d\d:\d\d:\d\dZ/, 'since …'));
  const of4 = (wave: number): string => `[wave ${wave}] starting 2 of 4 nodes`;
  // Two of each wave, in whichever order they were done.
  expect([told[0], told[3]]).toEqual([of4(1), of4(2)]);
  expect([told[1], told[2], told[4], told[5]].sort()).toEqual(
    [
      ...[changing, lost, other].map((host) => lineOf(host, '✔ rotated (old key archived; new token bound)')),
      lineOf(away, '✖ failed (offline since …)'),
    ].sort(),
  );
  expect(told[6]).toMatch(/^\[run [0-9a-f-]{36}\] finished: 3 rotated, 1 failed of 4 nodes$/);
  expect(await keysOf(world, changing)).toEqual(['retired', 'retired', 'active']);
  for (const host of [lost, other]) expect(await keysOf(world, host)).toEqual(['retired', 'active']);
  expect(await keysOf(world, away)).toEqual(['active']);

  const begun = await world.json<{ run: string }>([...rotate, '--target', `id=${away.nodeId}`, '--no-wait']);
  await away.start();
  const watched = await world.plexctl(['edge', 'fleet', 'watch', begun.run]);
  expect([watched.exitCode, watched.stdout]).toEqual([0, expect.stringContaining(lineOf(away, '✔ rotated'))]);
  expect(await keysOf(world, away)).toEqual(['retired', 'active']);
};
