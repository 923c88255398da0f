import type { PlanRemoveDomainReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  await (await world.addNode(world.domain, 'edge-1')).start();
  const refused = await world.plexctl(['domain', 'remove', '--id', world.domainId]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('plexctl: signing: domain in use\n');
  expect(refused.stderr).toContain('  nodes: edge-1\n');
  const plan = await world.plexctl(['domain', 'remove', '--id', world.domainId, '--plan', '--output', 'json']);
  expect(plan.exitCode).toBe(1);
  expect(JSON.parse(plan.stdout) as PlanRemoveDomainReply).toMatchObject({
    ...{ key_id: 'k1', nodes: ['edge-1'], blocked_by: ['signing: domain in use'] },
  });
  expect(await world.kids(world.domain)).toEqual(['k1']);
};
