import { allTrustPlatform, beginLife, nodeOf } from '../../src/story-hands';
import { platformKey } from '../../src/recovery-file';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await beginLife(world, 'k1', ['edge-1', 'sleeper']);
  await allTrustPlatform(world.nodes, [await platformKey(world)]);
  await nodeOf(world, 'sleeper').stop();
};
