import { eventually } from '@plexsphere/testkit';
import type { SharedSecret } from '../../src/channel-service';
import type { SinkAndParty } from '../../src/sink-and-party';
import type { Step } from '../../src/tell-story';

/** By name, and nothing has switched meanwhile; it goes on by itself when the sink is back. Its party talks all the while. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const sink = world.kept.get('sink') as SinkAndParty;
  await sink.stopSink();
  const rotating = await shared.rotate('app');
  await eventually(async () => (await shared.ring('app')).waiting_for.join() === sink.name, {
    describe: 'it alone being waited for',
  });
  const sent = sink.said.sent;
  await eventually(() => sink.said.sent > sent + 50, { describe: 'its party talking on' });
  expect(await shared.ring('app')).toMatchObject({
    ...{ phase: 'staged', active_key_id: rotating.old_key_id, waiting_for: [sink.name] },
  });
  expect(shared.of('app').map((member) => member.kids(member.sends))).toEqual([
    [rotating.old_key_id],
    [rotating.old_key_id],
  ]);
  expect(sink.kids(sink.receives)).toEqual([rotating.old_key_id]);
  shared.expectNoneRefused();

  sink.startSink();
  await shared.signsBy('app', rotating.new_key_id);
  await shared.close('app', rotating);
  shared.expectNoneRefused();
};
