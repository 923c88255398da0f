import { eventually } from '@plexsphere/testkit';
import { issuerOf, keptOf, settled, tokensEnd } from '../../src/issuer-hands';
import { throughKills } from '../../src/kills';
import type { Step } from '../../src/tell-story';
import { verified } from '../../src/issuer-tokens';
import type { AskedToken } from '../../src/token-asker';

export const step: Step = async (world) => {
  const { scope } = issuerOf(world);
  const { text: token, endsAt } = world.kept.get('token') as AskedToken;
  const [active, , retiring] = (await settled(world, 'active staged retiring')).keys;
  const keys = ['--old', retiring?.key_id ?? '', '--new', active?.key_id ?? ''];
  const refused = await world.plexctl(['signing', 'close', '--scope', scope, ...keys]);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('signing: signatures outstanding')]);
  const until = /outstanding_until: (\S+)/.exec(refused.stderr)?.[1] ?? '';
  expect(Date.parse(until)).toBeGreaterThanOrEqual(endsAt);
  await verified(world, { token });

  await tokensEnd(world, '-1 hour');
  await throughKills(world, () => world.json(['signing', 'close', '--scope', scope, ...keys]));
  await settled(world, 'active staged');
  await expect(verified(world, { token })).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await eventually(async () => !(await keptOf(world)).includes(retiring?.key_id ?? ''), {
    describe: 'the private half destroyed',
  });
};
