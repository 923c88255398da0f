import { PLATFORM } from '@plexsphere/wire';
import { platformKey } from '../../src/recovery-file';
import { allTrust, beginLife } from '../../src/story-hands';
import { Thief } from '../../src/thief';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator } = await beginLife(world, 'k1', ['edge-1', 'edge-2', 'edge-3']);
  await allTrust(world.nodes, ['k1']);
  const thief = await Thief.breakIn(world, operator);
  world.kept.set('thief', thief);
  world.kept.set('stolen', await thief.steal(PLATFORM, await platformKey(world)));
};
