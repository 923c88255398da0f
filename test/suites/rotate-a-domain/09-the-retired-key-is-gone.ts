import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  expect(await world.kids(world.domain)).toEqual(['domain-2026-05']);
  const during = world.kept.get('signed during') as string;
  const before = world.kept.get('signed before') as string;
  expect(await world.json(['signing', 'verify', '--scope', world.domain], during)).toMatchObject({ valid: true });
  const refused = await world.plexctl(['signing', 'verify', '--scope', world.domain], before);
  expect([refused.exitCode, refused.stderr.includes('does not verify')]).toEqual([1, true]);
  await eventually(() => world.nodes.every((node) => node.trusts.join() === 'domain-2026-05'), {
    describe: 'every Node having dropped the retired key',
  });
  const [destroyed] = await world.query<{ gone: boolean }>(
    `SELECT ciphertext IS NULL AS gone FROM material.wrapped_key WHERE key_id = 'domain-2026-04' AND scope = $1`,
    [world.domain],
  );
  expect(destroyed?.gone).toBe(true);
};
