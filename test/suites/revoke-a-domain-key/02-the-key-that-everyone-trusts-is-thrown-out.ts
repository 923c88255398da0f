import { eventually } from '@plexsphere/testkit';
import type { RevokeReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf, keptKeys } from '../../src/story-hands';
import type { SuiteNode } from '../../src/suite-node';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const signed = await operator.ask('signing.sign', { scope: world.domain, payload: {} });
  const revoke = { scope: world.domain, key_id: 'k1', reason: 'stolen', new_key_id: 'k2' };
  const revoked = await promises.switches('k2', () =>
    throughKills(world, () => operator.change<RevokeReply>('signing.revoke', revoke)),
  );
  expect(revoked).toMatchObject({ revoked_key_id: 'k1', active_key_id: 'k2', replaced: true, nodes: 50 });
  // From its return on nothing that is served names it.
  expect(await world.kids(world.domain)).toEqual(['k2']);
  const { jws } = signed.body;
  expect(await operator.ask('signing.verify', { scope: world.domain, jws })).toMatchObject({ body: { valid: false } });
  await allTrust(world.kept.get('awake') as SuiteNode[], ['k2']);
  await eventually(async () => (await keptKeys(world, world.domain)).join() === 'k2', {
    describe: 'the private half of k1 destroyed',
  });
};
