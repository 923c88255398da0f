import type { SharedSecret } from '../../src/channel-service';
import type { SinkAndParty } from '../../src/sink-and-party';
import type { Step } from '../../src/tell-story';

/** It is signed when it is sent, by what signs then. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const sink = world.kept.get('sink') as SinkAndParty;
  const queued = world.kept.get('queued') as string[];
  const [sender, receiver] = [shared.of('app')[0]!, shared.of('plugin')[1]!];
  await shared.isQuietFor(async () => {
    for (const id of queued) await sender.sendWebhook(receiver, id);
  });
  shared.expectNoneRefused();
  expect(receiver.kids(receiver.receives)).toHaveLength(1);
  const sent = [...shared.members, sink].reduce((sum, { said }) => sum + said.sent, 0);
  console.info(`${sent} messages, none refused`);
};
