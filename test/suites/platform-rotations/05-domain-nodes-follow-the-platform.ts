import { eventually } from '@plexsphere/testkit';
import type { PlanRotateReply, StatusReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const node = await world.addNode(world.domain, 'edge-1');
  await node.start();
  const rotate = ['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'platform-2026-07'];
  // P-9: the Domains' Nodes are counted apart wherever a platform rotation is told of.
  const plan = await world.json<PlanRotateReply>([...rotate, '--plan']);
  expect(plan).toMatchObject({ nodes: 0, domain_nodes: { nodes: 1 } });
  expect(await world.json(rotate)).toMatchObject({ nodes: 0, domain_nodes: 1 });
  await eventually(() => node.trustsPlatform[0] === 'platform-2026-07', {
    describe: "the Domain's Node trusting the new platform key",
  });
  expect(node.trustsPlatform).toEqual(['platform-2026-07', 'platform-2026-06']);
  expect(node.refused).toEqual([]);
  const status = ['signing', 'status', '--scope', 'platform'];
  await eventually(async () => (await world.json<StatusReply>(status)).scopes[0]?.domain_nodes?.applied === 1, {
    describe: 'the Node counted as having applied',
  });
  const triple = ['--scope', 'platform', '--old', 'platform-2026-06', '--new', 'platform-2026-07'];
  expect(await world.json(['signing', 'close', ...triple])).toMatchObject({
    lagging: [],
    domain_nodes: { enrolled: 1, sent: 1, applied: 1, lagging_count: 0 },
  });
  // P-9: and it drops the key that is gone, long before that would run out by itself.
  await eventually(() => node.trustsPlatform.length === 1, {
    describe: "the Domain's Node trusting the new platform key alone",
  });
  expect(node.trustsPlatform).toEqual(['platform-2026-07']);
  expect(node.refused).toEqual([]);
};
