import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const ran = await world.plexctl(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'domain-2026-06']);
  expect(ran.exitCode).toBe(1);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain('signing: rotation in progress');
};
