import { eventually } from '@plexsphere/testkit';
import { allTrust, handsOf, keptKeys, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  await nodeOf(world, 'sleeper').start();
  await allTrust(world.nodes, ['k2', 'k1']);
  const close = { scope: world.domain, old_key_id: 'k1', new_key_id: 'k2', force: true };
  await promises.switches('k2', () => operator.change('signing.close', close));
  await allTrust(world.nodes, ['k2']);
  await eventually(async () => (await keptKeys(world, world.domain)).join() === 'k2', {
    describe: 'the private half of k1 destroyed',
  });
};
