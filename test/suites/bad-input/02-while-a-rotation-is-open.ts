import type { Step } from '../../src/tell-story';
import { fingerprint } from './fingerprint';

export const step: Step = async (world) => {
  const { domain } = world;
  await world.json(['signing', 'rotate', '--scope', domain, '--new-key-id', 'k2']);
  const before = await fingerprint(world);
  const close = (old: string, next: string) =>
    world.plexctl(['signing', 'close', '--scope', domain, '--old', old, '--new', next]);
  for (const [ran, says] of [
    [await world.plexctl(['signing', 'rotate', '--scope', domain, '--new-key-id', 'k3']), 'rotation in progress'],
    [await close('k0', 'k2'), 'transition mismatch'],
    [await close('k1', 'k3'), 'transition mismatch'],
    [await close('k2', 'k1'), 'transition mismatch'],
  ] as const) {
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain(`signing: ${says}`);
  }
  expect(await fingerprint(world)).toEqual(before);
};
