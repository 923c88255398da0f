import { eventually } from '@plexsphere/testkit';
import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** Amid a hand-shake. Services talk on: they hold what they need. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const rotating = await shared.rotate('plugin');
  for (const name of ['rotation', 'signer', 'outbox-relay'] as const) {
    const processes = world.stack.services(name);
    await Promise.all(processes.map((each) => each.kill()));
    await Promise.all(processes.map((each) => each.start()));
  }
  await shared.signsBy('plugin', rotating.new_key_id);
  await shared.close('plugin', rotating);
  await eventually(async () => (await shared.ring('plugin')).phase === 'closed', { describe: 'the close shown' });
  shared.expectNoneRefused();
};
