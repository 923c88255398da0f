import { nodesOf } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  for (const [before, after] of [
    ['k1', 'k2'],
    ['k2', 'k3'],
  ] as const) {
    await nodes.rotate(after);
    await nodes.haveAll(await nodes.publish());
    await nodes.haveApplied();
    await nodes.close(before, after);
  }
  expect(nodes.refusals).toEqual([]);
};
