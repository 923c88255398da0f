import type { EdgeChanged, EdgeStatus } from '@plexsphere/edge';
import { eventually } from '@plexsphere/testkit';
import type { ListEdgeReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { fleetOf, keysOf } from './hands';

/** Asked of the agent, by commands on its host. */
export const step: Step = async (world) => {
  const [host] = fleetOf(world).hosts;
  const before = await host.told<EdgeStatus>(['status']);
  expect(before).toMatchObject({ node_id: host.nodeId, generation: 1, connected: true, overdue: false, archive: [] });

  const changed = await host.told<EdgeChanged>(['keys', 'rotate', '--keep-old', '1h']);
  expect(changed).toMatchObject({ generation: 2, confirmed: true, archived: expect.stringMatching(/^archive\//) });
  expect(changed.key_fingerprint).not.toBe(before.key_fingerprint);
  // Confirmed: the platform has ended the old one, long before its overlap is over.
  expect(await keysOf(world, host)).toEqual(['retired', 'active']);

  const refreshed = await host.told<EdgeChanged>(['token', 'refresh']);
  expect(refreshed).toMatchObject({ generation: 2, confirmed: true, archived: null });
  expect(refreshed.key_fingerprint).toBe(changed.key_fingerprint);

  expect(await host.told<EdgeStatus>(['status'])).toMatchObject({
    ...{ generation: 2, key_fingerprint: changed.key_fingerprint, connected: true, pending: null },
    archive: [{ file: changed.archived, generation: 1 }],
  });
  const { nodes } = await world.json<ListEdgeReply>(['edge', 'list', '--target', `id=${host.nodeId}`]);
  expect(nodes).toMatchObject([{ generation: 2, key_fingerprint: changed.key_fingerprint, online: true }]);

  const until = host.heard.length + 5;
  await eventually(() => host.heard.length >= until, { describe: 'events by the new key and token' });
};
