import { eventually } from '@plexsphere/testkit';
import { allTrust, handsOf, keptKeys } from '../../src/story-hands';
import type { SuiteNode } from '../../src/suite-node';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const sleepers = world.kept.get('sleepers') as SuiteNode[];
  await Promise.all(sleepers.map((node) => node.start()));
  await allTrust(world.nodes, ['k4']);
  await eventually(async () => (await keptKeys(world, world.domain)).join() === 'k4', {
    describe: 'the private halves of k2 and k3 destroyed',
  });
  await handsOf(world).promises.expectKept();
};
