import type { Step } from '../../src/tell-story';
import { nodesOf } from './hands';

export const step: Step = async (world) => {
  const { nodes } = nodesOf(world);
  expect(nodes.length).toBeGreaterThan(3);
  for (const service of world.stack.services()) {
    const log = JSON.stringify(service.logs(0));
    for (const { identity } of nodes) {
      expect([service.name, log.includes(identity.node_secret_key)]).toEqual([service.name, false]);
    }
  }
};
