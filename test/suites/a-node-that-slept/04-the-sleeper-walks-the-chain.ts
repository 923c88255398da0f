import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

/** Every key it knew is gone: statements lead it from the last one that it trusts to a fresh bundle. */
export const step: Step = async (world) => {
  const [awake, asleep, neverSeen] = world.nodes;
  await world.json(['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'], '{"n":1}');
  await asleep?.start();
  await neverSeen?.start();
  await eventually(() => world.nodes.every((node) => node.applied.length === 1), {
    describe: 'all three Nodes having applied the event',
  });
  expect(asleep?.trusts).toEqual(['k4']);
  expect(neverSeen?.trusts).toEqual(['k4']);
  expect(awake?.trusts).toEqual(['k4']);
  expect(world.nodes.flatMap((node) => node.refused)).toEqual([]);
};
