import { PLATFORM } from '@plexsphere/wire';
import { killOneOfEach } from '../../src/kills';
import { platformKey } from '../../src/recovery-file';
import { allTrustPlatform, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

const ROTATIONS = 10;

export const step: Step = async (world) => {
  const { operator } = handsOf(world);
  let active = await platformKey(world);
  for (let i = 1; i <= ROTATIONS; i++) {
    const next = `platform-ten-${i}`;
    const killed = i === ROTATIONS / 2 ? killOneOfEach(world) : undefined;
    await operator.change('signing.rotate', { scope: PLATFORM, new_key_id: next });
    await operator.change('signing.close', { scope: PLATFORM, old_key_id: active, new_key_id: next, force: true });
    await killed;
    active = next;
  }
  await allTrustPlatform([nodeOf(world, 'edge-1')], [active]);
};
