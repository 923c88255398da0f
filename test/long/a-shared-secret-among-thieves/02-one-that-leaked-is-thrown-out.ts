import type { RevokeReply } from '@plexsphere/wire/commands';
import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** Its replacement signs as soon as a sender holds it, proven or not: what receivers refuse until they hear of it is the price. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const operator = await world.operator();
  const scope = shared.direction('app');
  const { active_key_id: leaked } = await shared.ring('app');
  const revoked = await operator.change<RevokeReply>('signing.revoke', { scope, key_id: leaked, reason: 'leaked' });
  expect(revoked).toMatchObject({ revoked_key_id: leaked, replaced: true });
  await shared.signsBy('app', revoked.active_key_id);
  await shared.holdNo('app', leaked);
};
