import type { Step } from '../../src/tell-story';

/** Both replicas are stopped with the request in their hands: nobody can say what became of it, and plexctl says so. */
export const step: Step = async (world) => {
  const rotations = world.stack.services('rotation');
  for (const rotation of rotations) rotation.pause();
  const ran = await world.plexctl(['signing', 'close', '--scope', world.domain, '--old', 'k2', '--new', 'k3']);
  for (const rotation of rotations) rotation.resume();
  expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
  expect(ran.stderr).toContain('outcome unknown');
  expect(ran.stderr).toContain(`plexctl signing status --scope ${world.domain}`);
};
