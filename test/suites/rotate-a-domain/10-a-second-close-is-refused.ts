import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const args = ['--scope', world.domain, '--old', 'domain-2026-04', '--new', 'domain-2026-05'];
  const ran = await world.plexctl(['signing', 'close', ...args]);
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('signing: no open rotation');
};
