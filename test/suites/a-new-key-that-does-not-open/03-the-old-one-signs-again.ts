import type { RollbackReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const rollback = { scope: world.domain, reason: 'k2 does not open' };
  const reply = await throughKills(world, () => operator.change<RollbackReply>('signing.rollback', rollback));
  expect(reply).toMatchObject({ outcome: 'rolled_back', active_key_id: 'k1' });
  promises.reign('k1');
  const signed = await world.json<{ key_id: string }>(['signing', 'sign', '--scope', world.domain], '{}');
  expect(signed.key_id).toBe('k1');
  await allTrust(world.nodes, ['k1', 'k2']);
  await promises.expectKept();
};
