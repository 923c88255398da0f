import type { Step } from '../../src/tell-story';
import { expectCalm, nodesOf } from './hands';

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const [first, second] = world.stack.services('gateway');
  const sinceMs = performance.now();
  const stopping = first!.stop();
  await nodes.publish();
  await stopping;
  await first!.start();
  await second!.kill();
  await nodes.publish();
  await second!.start();
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();
  expectCalm(world, sinceMs);
  await nodes.expectKept();
};
