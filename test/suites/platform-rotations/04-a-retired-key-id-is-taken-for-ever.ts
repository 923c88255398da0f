import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json([
    'signing',
    'close',
    '--scope',
    'platform',
    '--old',
    'platform-2026-05',
    '--new',
    'platform-2026-06',
  ]);
  const ran = await world.plexctl(['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'platform-1']);
  expect([ran.exitCode, ran.stderr.includes('signing: key id in use')]).toEqual([1, true]);
};
