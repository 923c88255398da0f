import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { SharedSecret } from '../../src/channel-service';
import type { SinkAndParty } from '../../src/sink-and-party';
import type { Step } from '../../src/tell-story';

/** Who verifies need not wait for it, and its party signs by the old secret until it is back: until then that stays. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const sink = world.kept.get('sink') as SinkAndParty;
  const operator = await world.operator();
  // Else closes_at, from which on nobody is waited for, would be now.
  await world.json(['policy', 'set', '--scope', `channel:${shared.slug}`, '--overlap-window', '1h']);
  await sink.stopSink();
  const rotating = await shared.rotate('plugin');
  const { old_key_id, new_key_id } = rotating;
  const closing = { scope: shared.direction('plugin'), old_key_id, new_key_id, request_id: randomUUID() };
  await eventually(async () => (await shared.ring('plugin')).active_key_id === new_key_id, { describe: 'the switch' });
  await eventually(
    async () => {
      const { body } = await operator.ask('signing.close', closing);
      expect(body).toMatchObject({ detail: 'signing: nodes lagging', lagging: [sink.name] });
      return true;
    },
    { describe: 'it alone lagging' },
  );
  const sent = sink.said.sent;
  await eventually(() => sink.said.sent > sent + 50, { describe: 'its party talking on' });
  expect(sink.kids(sink.sends)).toEqual([old_key_id]);
  shared.expectNoneRefused();

  sink.startSink();
  await shared.signsBy('plugin', new_key_id);
  // By what all report, which they do once a minute.
  await shared.close('plugin', rotating, { withinMs: 240_000 });
  shared.expectNoneRefused();
};
