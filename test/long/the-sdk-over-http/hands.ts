import { eventually } from '@plexsphere/testkit';
import type { World } from '../../src/world';

/** Refused for as long as a Node lags: what each has applied is counted. */
export async function closeOnceApplied(world: World, oldKeyId: string, newKeyId: string): Promise<void> {
  const close = ['signing', 'close', '--scope', world.domain, '--old', oldKeyId, '--new', newKeyId];
  let refusal = '';
  await eventually(
    async () => {
      const { exitCode, stderr } = await world.plexctl(close);
      refusal = stderr;
      return exitCode === 0;
    },
    { timeoutMs: 120_000, describe: `${oldKeyId} closed` },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${refusal}`);
  });
}

export const forceClose = (world: World, oldKeyId: string, newKeyId: string): Promise<unknown> =>
  world.json(['signing', 'close', '--scope', world.domain, '--old', oldKeyId, '--new', newKeyId, '--force']);

export const rotate = (world: World, newKeyId: string): Promise<unknown> =>
  world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', newKeyId]);
