import type { Step } from '../../src/tell-story';
import { expectCalm, haveBeenTurnedAway, nodesOf } from './hands';

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const sinceMs = performance.now();
  const before = await nodes.publish();
  await world.stack.nats.kill();
  await haveBeenTurnedAway(world, sinceMs, 10);
  await world.stack.nats.start();
  const after = await nodes.publish();
  await nodes.haveAll(before);
  await nodes.haveAll(after);
  expectCalm(world, sinceMs);
  expect(nodes.refusals).toEqual([]);
};
