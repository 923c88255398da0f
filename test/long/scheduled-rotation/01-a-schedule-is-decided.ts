import { beginLife } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

interface Status {
  scopes: { schedule?: { rotate_every: string; due_at: string } }[];
}

export const step: Step = async (world) => {
  const { promises } = await beginLife(world, 'k1', ['edge-1', 'edge-2', 'edge-3']);
  // From here on nobody asks for a key.
  await promises.interrupt();
  const set = (...members: string[]) => world.plexctl(['policy', 'set', '--scope', world.domain, ...members]);
  const spans = ['--overlap-window', '2s', '--propagation-delay', '1s'];

  const dense = await set(...spans, '--rotate-every', '2s');
  expect(dense.exitCode).toBe(2);
  expect(dense.stderr).toContain('signing: schedule invalid');
  expect(dense.stderr).toContain('overlap 2 s + propagation 1 s = 3 s');
  const never = await set(...spans, '--rotate-every', '0 0 31 2 *', '--plan');
  expect([never.exitCode, never.stdout]).toEqual([1, expect.stringContaining('the schedule never fires')]);
  expect((await set('--standby', 'yes')).stderr).toContain('--standby');
  expect(await world.query('SELECT FROM ring.policy')).toEqual([]);

  const decided = await set(...spans, '--rotate-every', '6s', '--close', 'automatic');
  expect([decided.exitCode, decided.stderr]).toEqual([0, expect.stringContaining('note: when it is due')]);
  expect(decided.stdout).toContain('6s (scope)');
  const { scopes } = await world.json<Status>(['signing', 'status', '--scope', world.domain]);
  expect(scopes[0]?.schedule).toMatchObject({ rotate_every: '6s', due_at: expect.any(String) });
};
