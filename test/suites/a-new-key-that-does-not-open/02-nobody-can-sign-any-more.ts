import { eventually } from '@plexsphere/testkit';
import { spoilKey } from '../../src/spoil-key';
import { handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await handsOf(world).promises.interrupt();
  await spoilKey(world, world.domain, 'k2');
  const sign = ['signing', 'sign', '--scope', world.domain];
  await eventually(async () => (await world.plexctl(sign, '{}')).exitCode !== 0, { describe: 'signing refused' });
};
