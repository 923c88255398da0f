import { allTrust, handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { closeOnceApplied, rotate } from './hands';

export const step: Step = async (world) => {
  await handsOf(world).promises.switches('k2', () => rotate(world, 'k2'));
  await allTrust(world.nodes, ['k2', 'k1']);
  await closeOnceApplied(world, 'k1', 'k2');
  await allTrust(world.nodes, ['k2']);
};
