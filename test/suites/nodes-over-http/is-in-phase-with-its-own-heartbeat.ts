import { DAEMON_BEATS, HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/**
 * A daemon's own beats: its heartbeat asks for a state in the very instant in which its stream is cut, and a wait that lasted
 * as long would never end.
 */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  await nodes.addSome(2, DAEMON_BEATS);
  nodes.publishSteadily();
  await nodes.haveApplied();
  await nodes.rotate();
  await nodes.haveApplied();
  await nodes.close();
  await nodes.expectKept();
};
