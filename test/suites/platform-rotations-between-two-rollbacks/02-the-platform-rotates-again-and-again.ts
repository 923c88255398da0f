import { PLATFORM } from '@plexsphere/wire';
import { throughKills } from '../../src/kills';
import { platformKey } from '../../src/recovery-file';
import { allTrustPlatform, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

/** Ten in the long tests: what a Node has to walk over is the same. */
const ROTATIONS = Number(process.env['TEST_PLATFORM_ROTATIONS'] ?? 2);

export const step: Step = async (world) => {
  const { operator } = handsOf(world);
  let active = await platformKey(world);
  for (let i = 1; i <= ROTATIONS; i++) {
    const next = `platform-between-${i}`;
    const close = { scope: PLATFORM, old_key_id: active, new_key_id: next, force: true };
    const rotate = async (): Promise<void> => {
      await operator.change('signing.rotate', { scope: PLATFORM, new_key_id: next });
      await operator.change('signing.close', close);
    };
    // Each other one: which replicas die takes turns as well.
    await (i % 2 === 1 ? throughKills(world, rotate) : rotate());
    active = next;
  }
  await allTrustPlatform([nodeOf(world, 'edge-1')], [active]);
  world.kept.set('platform key', active);
};
