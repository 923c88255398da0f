import { platformKey } from '../../src/recovery-file';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const revoke = ['signing', 'revoke', '--scope', 'platform', '--key-id', await platformKey(world)];
  const ran = await world.plexctl([...revoke, '--reason', 'stolen', '--yes']);
  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining('signing: recovery key needed')]);
};
