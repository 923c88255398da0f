import { eventually } from '@plexsphere/testkit';
import { killInTurn } from '../../src/kills';
import { allTrust, handsOf, keptKeys, nodeOf, passSettling } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  await Promise.all([passSettling(world, world.domain), killInTurn(world)]);
  await eventually(async () => (await world.kids(world.domain)).join() === 'k1', { describe: 'the rollback settled' });
  await nodeOf(world, 'sleeper').start();
  await allTrust(world.nodes, ['k1']);
  await eventually(async () => (await keptKeys(world, world.domain)).join() === 'k1', {
    describe: 'the private half of k2 destroyed',
  });
  const rotate = { scope: world.domain, new_key_id: 'k3' };
  await promises.switches('k3', () => operator.change('signing.rotate', rotate));
  await allTrust(world.nodes, ['k3', 'k1']);
  await promises.expectKept();
};
