import { eventually } from '@plexsphere/testkit';
import type { RevokeReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf, keptKeys, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { pass } from '../../src/turned-clock';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const { domain: scope } = world;
  await promises.switches('k3', () => operator.change('signing.stage', { scope, new_key_id: 'k4' }));
  await allTrust([nodeOf(world, 'edge-1'), nodeOf(world, 'edge-2')], ['k3', 'k4']);
  await pass(world, scope, '1 minute');
  const revoke = ['signing', 'revoke', '--scope', scope, '--key-id', 'k3', '--new-key-id', 'k5', '--discard-staged'];
  const revoked = await promises.switches('k5', () =>
    throughKills(world, () => world.json<RevokeReply>([...revoke, '--reason', 'both stolen', '--yes'])),
  );
  expect(revoked).toMatchObject({ revoked_key_id: 'k3', active_key_id: 'k5', replaced: true });
  expect([...revoked.gone].sort()).toEqual(['k3', 'k4']);
  expect(await world.kids(scope)).toEqual(['k5']);
  // Who slept hears of both at once.
  await nodeOf(world, 'sleeper').start();
  await allTrust(world.nodes, ['k5']);
  await eventually(async () => (await keptKeys(world, scope)).join() === 'k5', {
    describe: 'the private halves of all others destroyed',
  });
  await promises.expectKept();
};
