import { nodesOf } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** It begins with the key of its registration day, which has signed nothing for two rotations. */
export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const restart = async (): Promise<void> => {
    await nodes.restart(nodes.nodes[0]!);
    await nodes.haveAll(await nodes.publish());
    await nodes.haveApplied();
  };
  await restart();
  await nodes.rotate('k4');
  await restart();
  await nodes.close('k3', 'k4');
  await restart();
  expect(nodes.refusals).toEqual([]);
};
