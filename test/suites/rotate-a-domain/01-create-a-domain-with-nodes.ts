import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const created = await world.plexctl(['domain', 'create', '--id', world.domainId, '--key-id', 'domain-2026-04']);
  expect(created).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await world.kids(world.domain)).toEqual(['domain-2026-04']);

  for (const name of ['edge-1', 'edge-2', 'edge-3']) {
    const node = await world.addNode(world.domain, name);
    await node.start();
  }
  const again = await world.plexctl(['domain', 'create', '--id', world.domainId, '--key-id', 'another']);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('signing: domain exists');
};
