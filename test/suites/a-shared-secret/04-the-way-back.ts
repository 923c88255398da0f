import { eventually } from '@plexsphere/testkit';
import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** In the overlap the old key signs again, and what the new one has signed is still taken; while staged it is gone at once. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const operator = await world.operator();
  const scope = shared.direction('plugin');
  const overlapping = await shared.rotate('plugin');
  await shared.signsBy('plugin', overlapping.new_key_id);
  await operator.change('signing.rollback', { scope });
  await shared.signsBy('plugin', overlapping.old_key_id);
  await shared.holdNo('plugin', overlapping.new_key_id);

  const [late] = shared.of('app');
  await shared.leave(late!);
  const staged = await shared.rotate('plugin');
  await operator.change('signing.rollback', { scope });
  await shared.comeBack(late!);
  await shared.holdNo('plugin', staged.new_key_id);
  await eventually(async () => (await shared.ring('plugin')).phase === 'rolled_back', {
    describe: 'the rollback shown',
  });
  expect(await shared.ring('plugin')).toMatchObject({ active_key_id: overlapping.old_key_id });
  shared.expectNoneRefused();
};
