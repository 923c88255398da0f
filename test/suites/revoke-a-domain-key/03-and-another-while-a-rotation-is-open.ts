import type { HistoryReply, RevokeReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf } from '../../src/story-hands';
import type { SuiteNode } from '../../src/suite-node';
import type { Step } from '../../src/tell-story';

/** The one that was signing goes, and the one that retired with it. */
export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const { domain: scope } = world;
  await promises.switches('k3', () => operator.change('signing.rotate', { scope, new_key_id: 'k3' }));
  const revoke = { scope, key_id: 'k3', reason: 'stolen as well', new_key_id: 'k4' };
  const revoked = await promises.switches('k4', () =>
    throughKills(world, () => operator.change<RevokeReply>('signing.revoke', revoke)),
  );
  expect(revoked.ended_rotation).toEqual({ old_key_id: 'k2', new_key_id: 'k3', outcome: 'revoked' });
  expect([...revoked.gone].sort()).toEqual(['k2', 'k3']);
  expect(await world.kids(scope)).toEqual(['k4']);
  await allTrust(world.kept.get('awake') as SuiteNode[], ['k4']);
  const { transitions } = await world.json<HistoryReply>(['signing', 'history', '--scope', scope]);
  expect(transitions.map(({ outcome }) => outcome)).toEqual(['revoked']);
  // Whoever asks again hears what the first one heard, and no other key comes in.
  expect(await operator.change<RevokeReply>('signing.revoke', revoke)).toMatchObject({
    ...{ revoked_key_id: 'k3', active_key_id: 'k4', epoch: revoked.epoch, gone: revoked.gone },
  });
  expect(await world.kids(scope)).toEqual(['k4']);
};
