import type { RevokeReply } from '@plexsphere/wire/commands';
import { issuerOf, settled, tokensEnd } from '../../src/issuer-hands';
import { throughKills } from '../../src/kills';
import type { Step } from '../../src/tell-story';
import { signedToken, verified } from '../../src/issuer-tokens';

export const step: Step = async (world) => {
  const { scope } = issuerOf(world);
  const [old, thief] = (await settled(world, 'active staged')).keys;
  const good = await signedToken(world, 3_000);
  await world.json(['signing', 'rotate', '--scope', scope, '--force']);
  const [, standby] = (await settled(world, 'active staged retiring')).keys;
  const stolen = await signedToken(world, 3_000);
  expect([good.key_id, stolen.key_id]).toEqual([old?.key_id, thief?.key_id]);

  const revoke = ['signing', 'revoke', '--scope', scope, '--key-id', stolen.key_id, '--reason', 'stolen', '--yes'];
  const revoked = await throughKills(world, () => world.json<RevokeReply>(revoke));
  expect(revoked).toMatchObject({ active_key_id: standby?.key_id, gone: [thief?.key_id], replaced: true });
  await expect(verified(world, stolen)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await verified(world, good);
  expect((await signedToken(world, 60)).key_id).toBe(standby?.key_id);

  // It goes when they are over, by itself.
  const { keys } = await settled(world, 'active staged retiring');
  expect(keys.map(({ key_id }) => key_id)).toEqual([standby?.key_id, expect.any(String), old?.key_id]);
  await tokensEnd(world, '-1 hour');
  await settled(world, 'active staged');
};
