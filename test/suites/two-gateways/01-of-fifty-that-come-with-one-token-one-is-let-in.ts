import type { Step } from '../../src/tell-story';
import { GATEWAYS, callerOf, enrolToken, get, newKey, register, type Registered } from './hands';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'domain-2026-04']);
  const token = await enrolToken(world);
  const keys = Array.from({ length: 50 }, newKey);
  const answers = await Promise.all(keys.map((key, index) => register(world, GATEWAYS[index % 2]!, token, key)));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, ...Array<number>(49).fill(401)]);
  const winner = answers.findIndex(({ status }) => status === 200);
  const first = (await answers[winner]?.json()) as Registered;
  const [row] = await world.query<{ nodes: number }>('SELECT count(*)::int AS nodes FROM ring.node WHERE scope = $1', [
    world.domain,
  ]);
  expect(row?.nodes).toBe(1);

  // Its answer was lost, as far as it knows: it comes again with the same key, and the secret of before is dead.
  const again = await register(world, 'gateway-2', token, keys[winner] ?? '');
  const second = (await again.json()) as Registered;
  expect(second).toMatchObject({ node_id: first.node_id, mesh_ip: first.mesh_ip });
  const path = `/v1/nodes/${first.node_id}/state`;
  await expect(get(world, 'gateway-1', path, callerOf(first))).rejects.toThrow('401');
  const state = await get<{ signing_keys: { current: string } }>(world, 'gateway-1', path, callerOf(second));
  expect(state.signing_keys.current).toBe(second.signing_public_key);
  world.kept.set('node', callerOf(second));
  world.kept.set('secrets', [token, first.node_secret_key, second.node_secret_key]);
  world.kept.set('winner', [token, keys[winner]]);
};
