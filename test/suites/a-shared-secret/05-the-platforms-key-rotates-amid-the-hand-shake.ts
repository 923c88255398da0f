import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** What members are told is signed by it: what is told before, between and after is taken. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const operator = await world.operator();
  const [late] = shared.of('plugin');
  await shared.leave(late!);
  const rotating = await shared.rotate('app');
  await operator.change('signing.rotate', { scope: 'platform', new_key_id: 'platform-2' });
  await shared.comeBack(late!);
  await shared.signsBy('app', rotating.new_key_id);
  await shared.close('app', rotating);
  shared.expectNoneRefused();
};
