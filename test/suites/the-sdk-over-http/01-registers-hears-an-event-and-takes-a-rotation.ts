import { eventually } from '@plexsphere/testkit';
import type { ShowNodeReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const node = await world.addHttpNode(world.domain, 'edge-1');
  await node.start();
  const publish = ['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'];
  await world.json(publish, '{"n":1}');
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await world.json(publish, '{"n":2}');
  await eventually(() => node.applied.length === 2, { describe: 'both events at the Node' });
  expect(node.applied.map(({ position, payload, keyId }) => [position, payload, keyId])).toEqual([
    [1, '{"n":1}', 'k1'],
    [2, '{"n":2}', 'k2'],
  ]);
  let shown: ShowNodeReply | undefined;
  await eventually(
    async () => {
      shown = await world.json<ShowNodeReply>(['node', 'show', '--scope', world.domain, '--name', 'edge-1']);
      return shown.applied_epoch === 2 && shown.applied_position === 2;
    },
    { describe: 'what it has applied counted' },
  ).catch(() => undefined);
  expect(shown).toMatchObject({
    ...{ listens: 'sdk', progress: 'applied', online: true, applied_epoch: 2, applied_position: 2 },
    backlog: { unsent: 0, sent: 0 },
  });
  expect(node.refused).toEqual([]);
};
