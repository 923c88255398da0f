import { PLATFORM } from '@plexsphere/wire';
import type { RevokeReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { platformKey, recoveryFile, recoveryFlags } from '../../src/recovery-file';
import { allTrust, allTrustPlatform, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

const NEW_KEY = 'platform-after-theft';

export const step: Step = async (world) => {
  const { promises } = handsOf(world);
  const stolen = await platformKey(world);
  const revoke = ['signing', 'revoke', '--scope', PLATFORM, '--key-id', stolen, '--new-key-id', NEW_KEY];
  const args = [...revoke, '--reason', 'stolen', '--yes', ...recoveryFlags(recoveryFile(world))];
  expect(await throughKills(world, () => world.json<RevokeReply>(args))).toMatchObject({
    ...{ revoked_key_id: stolen, active_key_id: NEW_KEY, replaced: true },
  });
  expect(await world.kids(PLATFORM)).toEqual([NEW_KEY]);
  await allTrustPlatform([nodeOf(world, 'edge-1')], [NEW_KEY]);
  await nodeOf(world, 'sleeper').start();
  await allTrustPlatform(world.nodes, [NEW_KEY]);
  await allTrust(world.nodes, ['k1']);
  await promises.expectKept();
};
