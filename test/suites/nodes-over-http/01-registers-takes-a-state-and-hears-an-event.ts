import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { HttpNodes } from '../../src/http-nodes';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const nodes = new HttpNodes(world);
  world.kept.set('nodes', nodes);
  const node = await nodes.add('edge-1');
  const first = await nodes.publish();
  await eventually(() => node.has(first), { timeoutMs: 90_000, describe: 'the first event' });
  expect(node.refusals).toEqual([]);
};
