import { eventually } from '@plexsphere/testkit';
import type { RotateReply } from '@plexsphere/wire/commands';
import { issuerOf, settled } from '../../src/issuer-hands';
import { throughKills } from '../../src/kills';
import type { Step } from '../../src/tell-story';
import { TokenAsker, everyOneVerifies } from '../../src/token-asker';

export const step: Step = async (world) => {
  const { scope } = issuerOf(world);
  const [active, standby] = (await settled(world, 'active staged')).keys;
  const propagated = Date.parse(standby?.propagated_at ?? '');
  await eventually(() => Date.now() > propagated + 1_000, { describe: 'the standby has propagated' });
  const asker = await TokenAsker.start(world, scope);
  await eventually(() => asker.tokens.length > 20, { describe: 'tokens by the old key' });
  const rotated = await throughKills(world, () => world.json<RotateReply>(['signing', 'rotate', '--scope', scope]));
  expect(rotated).toMatchObject({ old_key_id: active?.key_id, new_key_id: standby?.key_id });
  const returnedAt = Date.now();
  await eventually(() => asker.tokens.filter(({ askedAt }) => askedAt > returnedAt).length > 20, {
    describe: 'tokens after the rotation',
  });
  const tokens = await asker.stop();
  const { keys } = await settled(world, 'active staged retiring');
  expect(keys.map(({ key_id }) => key_id)).toEqual([standby?.key_id, expect.any(String), active?.key_id]);
  // Recorded with the switch: never is it open without it. No token outlives it, whoever was killed behind its signature.
  const byOld = tokens.filter(({ keyId }) => keyId === active?.key_id);
  const last = Math.max(...byOld.map(({ endsAt }) => endsAt));
  expect(byOld.length).toBeGreaterThan(20);
  expect(Date.parse(keys[2]?.tokens_until ?? '')).toBeGreaterThanOrEqual(last);
  // And none that was asked for since is by it.
  const since = tokens.filter(({ askedAt }) => askedAt > returnedAt);
  expect([...new Set(since.map(({ keyId }) => keyId))]).toEqual([standby?.key_id]);
  await everyOneVerifies(world, scope, tokens);
  // What the close has to wait for.
  world.kept.set(
    'token',
    byOld.find(({ endsAt }) => endsAt === last),
  );
  const again = await world.plexctl(['signing', 'rotate', '--scope', scope]);
  expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('signing: rotation in progress')]);
};
