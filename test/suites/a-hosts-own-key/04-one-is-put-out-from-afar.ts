import type { EdgeStatus } from '@plexsphere/edge';
import type { Step } from '../../src/tell-story';
import { fleetOf, keysOf } from './hands';

/** Its agent is told why, says so and stops, and nothing on the host gets it back in. */
export const step: Step = async (world) => {
  const [, lost] = fleetOf(world).hosts;
  const revoke = ['edge', 'keys', 'revoke-remote', lost.nodeId, '--reason', 'stolen'];
  expect(await world.json(revoke)).toMatchObject({ node_id: lost.nodeId, name: lost.name, pushed: true });

  expect(await lost.ended).toEqual([77, null]);
  expect(lost.seen.at(-1)).toMatchObject({ what: 'over', status: 'revoked' });
  expect(await lost.told<EdgeStatus>(['status'])).toMatchObject({ status: 'revoked', connected: null });
  const tried = await lost.edge(['keys', 'rotate']);
  expect([tried.exitCode, tried.stderr]).toEqual([77, expect.stringContaining('signing: node revoked')]);
  expect(await keysOf(world, lost)).toEqual(['retired', 'revoked']);
};
