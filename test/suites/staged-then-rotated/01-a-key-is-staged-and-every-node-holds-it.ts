import type { StageReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, beginLife, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = await beginLife(world, 'k1', ['edge-1', 'edge-2', 'sleeper']);
  await nodeOf(world, 'sleeper').stop();
  const staged = await promises.switches('k1', () =>
    throughKills(world, () => operator.change<StageReply>('signing.stage', { scope: world.domain, new_key_id: 'k2' })),
  );
  expect(staged).toMatchObject({ staged_key_id: 'k2', active_key_id: 'k1', epoch: 2, nodes: 3 });
  await allTrust([nodeOf(world, 'edge-1'), nodeOf(world, 'edge-2')], ['k1', 'k2']);
  expect(await world.kids(world.domain)).toEqual(['k1', 'k2']);
};
