import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

const triple = ['--old', 'k1', '--new', 'k2'];

export const step: Step = async (world) => {
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  const [awake] = world.nodes;
  await eventually(() => awake?.trusts[0] === 'k2', { describe: 'the awake Node trusting k2' });
  const refused = await world.plexctl(['signing', 'close', '--scope', world.domain, ...triple]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('signing: nodes lagging');
  expect(refused.stderr).toContain('asleep');
  // Never seen is pending: it holds no key that could be too old, and blocks nothing.
  expect(refused.stderr).not.toMatch(/lagging.*never-seen/);
};
