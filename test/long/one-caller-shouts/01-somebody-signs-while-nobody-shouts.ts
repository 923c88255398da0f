import type { Step } from '../../src/tell-story';
import { makeNode, makeToken } from '../../suites/permissions/hands';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  await makeNode(world, world.domain, 'edge-1');
  await makeNode(world, world.domain, 'edge-2');
  await makeToken(world, { name: 'signing', role: 'operator' });
  await makeToken(world, { name: 'shouting', role: 'viewer', scopes: [world.domain] });
  await world.allSignersServe(world.domain);
};
