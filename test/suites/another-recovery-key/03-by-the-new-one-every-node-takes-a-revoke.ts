import { PLATFORM } from '@plexsphere/wire';
import { throughKills } from '../../src/kills';
import { platformKey, recoveryFile, recoveryFlags } from '../../src/recovery-file';
import { allTrustPlatform, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

const NEW_KEY = 'platform-after-recovery';

/** The sleeper hears of both at once. */
export const step: Step = async (world) => {
  const revoke = ['signing', 'revoke', '--scope', PLATFORM, '--key-id', await platformKey(world)];
  const args = [...revoke, '--new-key-id', NEW_KEY, '--reason', 'stolen', '--yes'];
  await throughKills(world, () => world.json([...args, ...recoveryFlags(recoveryFile(world))]));
  await allTrustPlatform([nodeOf(world, 'edge-1')], [NEW_KEY]);
  await nodeOf(world, 'sleeper').start();
  await allTrustPlatform(world.nodes, [NEW_KEY]);
  await handsOf(world).promises.expectKept();
};
