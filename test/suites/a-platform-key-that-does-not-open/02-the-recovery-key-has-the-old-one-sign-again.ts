import { eventually } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import type { RollbackReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { recoveryFile, recoveryFlags } from '../../src/recovery-file';
import { allTrustPlatform, handsOf, passSettling } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const before = world.kept.get('before') as string;
  const rollback = ['signing', 'rollback', '--scope', PLATFORM, '--reason', 'it does not open'];
  const args = [...rollback, ...recoveryFlags(recoveryFile(world))];
  expect(await throughKills(world, () => world.json<RollbackReply>(args))).toMatchObject({
    ...{ outcome: 'rolled_back', active_key_id: before },
  });
  const signed = await world.json<{ key_id: string }>(['signing', 'sign', '--scope', PLATFORM], '{}');
  expect(signed.key_id).toBe(before);
  await passSettling(world, PLATFORM);
  await eventually(async () => (await world.kids(PLATFORM)).join() === before, { describe: 'the rollback settled' });
  await allTrustPlatform(world.nodes, [before]);
  await handsOf(world).promises.expectKept();
};
