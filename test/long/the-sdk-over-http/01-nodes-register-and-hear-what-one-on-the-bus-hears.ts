import { eventually } from '@plexsphere/testkit';
import type { ShowNodeReply } from '@plexsphere/wire/commands';
import { OperatorConnection } from '../../src/operator-connection';
import { Promises } from '../../src/promises';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  for (const name of ['http-1', 'http-2', 'sleeper']) await world.addHttpNode(world.domain, name);
  await world.addNode(world.domain, 'bus-1');
  await Promise.all(world.nodes.map((node) => node.start()));
  const operator = await OperatorConnection.open(world);
  world.kept.set('hands', { operator, promises: await Promises.watch(world, operator, 'k1') });
  await eventually(() => world.nodes.every(({ applied }) => applied.length > 0), { describe: 'an event at each Node' });

  const show = ['node', 'show', '--scope', world.domain, '--name', 'http-1'];
  let shown: ShowNodeReply | undefined;
  await eventually(async () => ((shown = await world.json<ShowNodeReply>(show)).applied_position ?? 0) > 0, {
    describe: 'its acknowledgement',
  });
  expect(shown).toMatchObject({ listens: 'sdk', online: true, progress: 'applied', applied_epoch: 1 });
};
