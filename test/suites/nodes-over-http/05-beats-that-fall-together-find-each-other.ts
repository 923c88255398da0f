import { nodesOf } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** Its heartbeat asks for a state in the very instant in which its stream is cut: a wait that lasted as long would never end. */
export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  await nodes.add('in-phase', { cutMs: 20_000, heartbeatMs: 20_000, stateMs: 3_600_000 });
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();
  expect(nodes.refusals).toEqual([]);
};
