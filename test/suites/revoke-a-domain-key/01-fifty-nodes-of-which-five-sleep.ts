import { allTrust, beginLife } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

const NODES = 50;
const ASLEEP = 5;

export const step: Step = async (world) => {
  await beginLife(
    world,
    'k1',
    Array.from({ length: NODES }, (_, i) => `edge-${i + 1}`),
  );
  await allTrust(world.nodes, ['k1']);
  const sleepers = world.nodes.slice(-ASLEEP);
  await Promise.all(sleepers.map((node) => node.stop()));
  world.kept.set('sleepers', sleepers);
  world.kept.set('awake', world.nodes.slice(0, -ASLEEP));
};
