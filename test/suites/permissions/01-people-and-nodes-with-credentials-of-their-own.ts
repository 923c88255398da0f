import type { Step } from '../../src/tell-story';
import { admin, askAs, makeNode, makeToken } from './hands';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  await makeNode(world, world.domain, 'edge-1');
  await makeNode(world, world.domain, 'edge-2');
  await makeToken(world, { name: 'viewer', role: 'viewer' });
  await makeToken(world, { name: 'operator', role: 'operator' });
  await makeToken(world, { name: 'platform-only', role: 'operator', scopes: ['platform'] });
  const { body } = await askAs(world, await admin(world), 'token.list', {});
  expect(body['tokens']).toMatchObject([
    { name: 'admin', role: 'admin', scopes: null, state: 'valid', last_used_at: expect.stringMatching(/:00\.000Z$/) },
    { name: 'viewer', role: 'viewer', state: 'valid', expires_at: expect.any(String), last_used_at: null },
    { name: 'operator', role: 'operator', state: 'valid' },
    { name: 'platform-only', scopes: ['platform'] },
  ]);
};
