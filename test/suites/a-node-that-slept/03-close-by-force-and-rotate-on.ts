import type { HistoryReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { domain } = world;
  const closed = await world.plexctl(['signing', 'close', '--scope', domain, '--old', 'k1', '--new', 'k2', '--force']);
  expect(closed.exitCode).toBe(0);
  expect(closed.stderr).toContain('asleep');
  const [audit] = await world.query<{ detail: { forced: boolean; lagging: string[] } }>(
    `SELECT detail FROM ring.audit WHERE action = 'signing.close' AND scope = $1`,
    [domain],
  );
  expect(audit?.detail).toMatchObject({ forced: true, lagging: ['asleep'] });
  const { transitions } = await world.json<HistoryReply>(['signing', 'history', '--scope', domain]);
  expect(transitions.map(({ forced }) => forced)).toEqual([['signing.close']]);

  for (const [old, next] of [
    ['k2', 'k3'],
    ['k3', 'k4'],
  ] as const) {
    await world.json(['signing', 'rotate', '--scope', domain, '--new-key-id', next]);
    await world.json(['signing', 'close', '--scope', domain, '--old', old, '--new', next, '--force']);
  }
};
