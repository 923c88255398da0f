import { eventually } from '@plexsphere/testkit';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** About as large as an event may be; and more of them than a machine keeps for a socket that nobody reads (some 4.7 MB). */
const TEXT = 'x'.repeat(60_000);
const EVENTS = 100;
/** Several turns also on a machine where one takes a minute. */
const SOON_MS = 180_000;
const HOUR_MS = 3_600_000;

/** It is cut off, and what it has not read comes again; the others get theirs meanwhile. */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  const slow = await nodes.add('slow', { cutMs: HOUR_MS });
  const others = await nodes.addSome(2);
  await nodes.haveApplied();
  await eventually(
    async () => {
      slow.stillness.pauseStream();
      const { streams } = slow;
      for (let n = 1; n <= EVENTS; n++) await nodes.publish({ n, TEXT }, slow);
      await nodes.haveAll(await nodes.publish(), others);
      expect(slow.streams).toBe(streams);
      slow.stillness.resumeStream();
      await eventually(() => slow.streams > streams);
      // On a machine that is slow itself its time was over first.
      return slow.brokenStreams > 0;
    },
    { describe: 'a slow reader being cut off', timeoutMs: SOON_MS },
  );
  await nodes.expectKept();
};
