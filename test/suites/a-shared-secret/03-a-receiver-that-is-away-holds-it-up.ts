import { eventually } from '@plexsphere/testkit';
import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** Nothing has switched meanwhile, and who is waited for is named. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const [late] = shared.of('plugin');
  await shared.leave(late!);
  const rotating = await shared.rotate('app');
  const others = shared.of('plugin').filter((member) => member !== late);
  await eventually(
    async () => {
      const { members } = await shared.ring('app');
      return others.every(({ name }) =>
        members.find((each) => each.name === name)?.proven.includes(rotating.new_key_id),
      );
    },
    { describe: 'the others having proven it' },
  );
  expect(await shared.ring('app')).toMatchObject({
    ...{ phase: 'staged', active_key_id: rotating.old_key_id, waiting_for: [late!.name] },
  });
  await shared.comeBack(late!);
  await shared.signsBy('app', rotating.new_key_id);
  await shared.close('app', rotating);
  shared.expectNoneRefused();
};
