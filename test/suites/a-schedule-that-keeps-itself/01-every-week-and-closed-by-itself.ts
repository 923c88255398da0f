import { allTrust, beginLife } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator } = await beginLife(world, 'k1', ['edge-1', 'edge-2']);
  await operator.change('policy.set', { scope: world.domain, rotate_every: '7d', close: 'automatic' });
  await allTrust(world.nodes, ['k1']);
};
