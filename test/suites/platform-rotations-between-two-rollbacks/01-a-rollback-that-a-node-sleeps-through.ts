import { eventually } from '@plexsphere/testkit';
import { allTrust, beginLife, nodeOf, passSettling } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = await beginLife(world, 'k1', ['edge-1', 'sleeper']);
  const { domain: scope } = world;
  await promises.switches('k2', () => operator.change('signing.rotate', { scope, new_key_id: 'k2' }));
  await allTrust(world.nodes, ['k2', 'k1']);
  await nodeOf(world, 'sleeper').stop();
  await promises.switches('k1', () => operator.change('signing.rollback', { scope }));
  await passSettling(world, scope);
  await eventually(async () => (await world.kids(scope)).join() === 'k1', { describe: 'the rollback settled' });
};
