import { allTrust, beginLife, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator } = await beginLife(world, 'k1', ['edge-1', 'edge-2', 'silent']);
  await nodeOf(world, 'silent').stop();
  await operator.change('signing.stage', { scope: world.domain, new_key_id: 'k2' });
  await allTrust([nodeOf(world, 'edge-1'), nodeOf(world, 'edge-2')], ['k1', 'k2']);
};
