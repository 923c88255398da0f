import { allTrust, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { closeOnceApplied } from './hands';

/** It trusts none of today's keys: statements lead it there. */
export const step: Step = async (world) => {
  await nodeOf(world, 'sleeper').start();
  await allTrust(world.nodes, ['k5', 'k4']);
  await handsOf(world).promises.expectKept();
  await closeOnceApplied(world, 'k4', 'k5');
  await allTrust(world.nodes, ['k5']);
  expect(world.nodes.flatMap(({ refused, turnedAway }) => [...refused, ...turnedAway])).toEqual([]);
};
