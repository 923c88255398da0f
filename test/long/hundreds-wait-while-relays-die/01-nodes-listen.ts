import type { Step } from '../../src/tell-story';

const NODES = 4;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k0']);
  for (let i = 1; i <= NODES; i++) await (await world.addNode(world.domain, `edge-${i}`)).start();
};
