import type { RevokeReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { pass } from '../../src/turned-clock';

/** It has propagated: every Node that is awake holds it already, and no other key is made. */
export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const { domain: scope } = world;
  await nodeOf(world, 'sleeper').stop();
  await promises.switches('k2', () => operator.change('signing.stage', { scope, new_key_id: 'k3' }));
  const awake = [nodeOf(world, 'edge-1'), nodeOf(world, 'edge-2')];
  await allTrust(awake, ['k2', 'k3']);
  await pass(world, scope, '1 minute');
  const revoke = { scope, key_id: 'k2', reason: 'stolen' };
  const revoked = await promises.switches('k3', () =>
    throughKills(world, () => operator.change<RevokeReply>('signing.revoke', revoke)),
  );
  expect(revoked).toMatchObject({ revoked_key_id: 'k2', active_key_id: 'k3', replaced: true, gone: ['k2'] });
  expect(await world.kids(scope)).toEqual(['k3']);
  await allTrust(awake, ['k3']);
};
