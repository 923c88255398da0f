import { throughKills } from '../../src/kills';
import { allTrust, allTrustPlatform, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

/** Each by the platform key of its time: the first one is long gone by the second. */
export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const { domain: scope } = world;
  await promises.switches('k3', () => operator.change('signing.rotate', { scope, new_key_id: 'k3' }));
  await promises.switches('k1', () => throughKills(world, () => operator.change('signing.rollback', { scope })));
  await nodeOf(world, 'sleeper').start();
  await allTrust(world.nodes, ['k1', 'k3']);
  await allTrustPlatform(world.nodes, [world.kept.get('platform key') as string]);
  await promises.expectKept();
};
