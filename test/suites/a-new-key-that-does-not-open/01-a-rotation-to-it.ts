import { allTrust, beginLife } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = await beginLife(world, 'k1', ['edge-1', 'edge-2']);
  const rotate = { scope: world.domain, new_key_id: 'k2' };
  await promises.switches('k2', () => operator.change('signing.rotate', rotate));
  await allTrust(world.nodes, ['k2', 'k1']);
};
