import { platformKey, recoveryFlags, type RecoveryFile } from '../../src/recovery-file';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const former = world.kept.get('the former recovery key') as RecoveryFile;
  const revoke = ['signing', 'revoke', '--scope', 'platform', '--key-id', await platformKey(world)];
  const ran = await world.plexctl([...revoke, '--reason', 'stolen', '--yes', ...recoveryFlags(former)]);
  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining('signing: wrong recovery key')]);
};
