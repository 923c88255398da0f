import type { HistoryReply, RollbackReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const rollback = { scope: world.domain, reason: 'one site refuses it' };
  const reply = await promises.switches('k1', () =>
    throughKills(world, () => operator.change<RollbackReply>('signing.rollback', rollback)),
  );
  expect(reply).toMatchObject({ old_key_id: 'k1', new_key_id: 'k2', outcome: 'rolled_back', active_key_id: 'k1' });
  await allTrust([nodeOf(world, 'edge-1'), nodeOf(world, 'edge-2')], ['k1', 'k2']);
  const { transitions } = await world.json<HistoryReply>(['signing', 'history', '--scope', world.domain]);
  expect(transitions).toEqual([
    expect.objectContaining({ outcome: 'rolled_back', old_key_id: 'k1', new_key_id: 'k2' }),
  ]);
};
