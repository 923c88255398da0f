import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const awake = await world.addNode(world.domain, 'awake');
  const asleep = await world.addNode(world.domain, 'asleep');
  await world.addNode(world.domain, 'never-seen');
  await awake.start();
  await asleep.start();
  await asleep.stop();
};
