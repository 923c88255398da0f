import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const rotating = await shared.rotate('app');
  expect(rotating).toMatchObject({ phase: 'staged' });
  await shared.signsBy('app', rotating.new_key_id);
  await shared.close('app', rotating);
  shared.expectNoneRefused();
};
