import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { get, nodeOf, register } from './hands';

/** Whoever finds the token on the machine afterwards, and has seen the public key, takes nothing over. */
export const step: Step = async (world) => {
  const [token, key] = world.kept.get('winner') as [string, string];
  await eventually(async () => {
    const [stream] = await world.query<{ called: boolean }>(
      'SELECT called_at IS NOT NULL AS called FROM outbox.node_stream WHERE node_id = $1',
      [nodeOf(world).id],
    );
    return stream?.called;
  });
  expect((await register(world, 'gateway-1', token, key)).status).toBe(401);
  await get(world, 'gateway-2', `/v1/nodes/${nodeOf(world).id}/state`, nodeOf(world));
};
