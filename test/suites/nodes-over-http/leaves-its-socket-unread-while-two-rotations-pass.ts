import { eventually } from '@plexsphere/testkit';
import { DAEMON_BEATS, HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/**
 * Nobody waits for them. One stands still wholly, as by SIGSTOP; of one the stream alone, while its states go on; and of one
 * the former process, while another one has its place.
 */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  const frozen = await nodes.add('frozen', DAEMON_BEATS);
  const deaf = await nodes.add('deaf', { ...DAEMON_BEATS, heartbeatMs: 1_000, stateMs: 2_000 });
  const former = await nodes.add('replaced', { ...DAEMON_BEATS, heartbeatMs: 1_000, stateMs: 2_000 });
  await nodes.haveApplied();
  nodes.publishSteadily();
  await nodes.haveAll(await nodes.publish());

  frozen.stillness.freeze();
  former.stillness.freeze();
  deaf.stillness.pauseStream();
  for (let n = 1; n <= 2; n++) {
    await nodes.rotate();
    await nodes.publish();
    await nodes.close({ force: true });
  }
  nodes.replace(former);
  frozen.stillness.thaw();
  deaf.stillness.resumeStream();
  await nodes.haveApplied();
  const { streams } = former;
  former.stillness.thaw();
  await eventually(() => former.streams > streams, { describe: 'the former process asking again' });
  await former.stop();
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();

  // docs/guarantees.md: what a key had signed that was closed by force is refused by whoever took a state before it. And of
  // two processes of one Node what one says that it has taken counts for the other.
  const refused = [...former.refusals, ...deaf.refusals];
  await nodes.haveAll(await nodes.publish());
  expect(refused.filter((refusal) => !refusal.startsWith('signature: '))).toEqual([]);
  await nodes.expectKept({ refused });
};
