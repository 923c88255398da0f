import { eventually } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { platformKey } from '../../src/recovery-file';
import { allTrustPlatform, beginLife } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { spoilKey } from '../../src/spoil-key';

const LOST = 'platform-lost';

export const step: Step = async (world) => {
  const { operator } = await beginLife(world, 'k1', ['edge-1', 'edge-2']);
  const before = await platformKey(world);
  await operator.change('signing.rotate', { scope: PLATFORM, new_key_id: LOST });
  await allTrustPlatform(world.nodes, [LOST, before]);
  await spoilKey(world, PLATFORM, LOST);
  world.kept.set('before', before);
  await eventually(async () => (await world.plexctl(['signing', 'sign', '--scope', PLATFORM], '{}')).exitCode !== 0, {
    describe: 'signing refused',
  });
};
