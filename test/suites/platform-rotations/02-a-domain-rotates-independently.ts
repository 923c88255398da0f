import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { domain } = world;
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'domain-2026-04']);
  await world.json(['signing', 'rotate', '--scope', domain, '--new-key-id', 'domain-2026-05']);
  const close = ['signing', 'close', '--scope', domain, '--old', 'domain-2026-04', '--new', 'domain-2026-05'];
  expect(await world.json(close)).toMatchObject({
    scope: domain,
    old_key_id: 'domain-2026-04',
    new_key_id: 'domain-2026-05',
  });
  expect(await world.kids('platform')).toEqual(['platform-2026-05', 'platform-1']);
};
