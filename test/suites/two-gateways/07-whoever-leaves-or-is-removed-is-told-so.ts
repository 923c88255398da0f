import type { Step } from '../../src/tell-story';
import { GATEWAYS, at, callerOf, enrolToken, newKey, nodeOf, register, type Caller, type Registered } from './hands';

export const step: Step = async (world) => {
  const call = async (gateway: string, { id, secret }: Caller, name: string, method = 'POST') => {
    const headers = { authorization: `Bearer ${secret}` };
    return (await fetch(at(world, gateway, `/v1/nodes/${id}/${name}`), { method, headers })).status;
  };
  const node = nodeOf(world);
  await world.json(['node', 'remove', '--node-id', node.id]);
  for (const gateway of GATEWAYS) expect(await call(gateway, node, 'heartbeat')).toBe(403);

  const answer = await register(world, 'gateway-1', await enrolToken(world), newKey());
  const other = callerOf((await answer.json()) as Registered);
  expect(await call('gateway-1', other, 'heartbeat')).toBe(200);
  expect(await call('gateway-2', other, 'deregister')).toBe(204);
  for (const gateway of GATEWAYS) expect(await call(gateway, other, 'state', 'GET')).toBe(403);
  (world.kept.get('secrets') as string[]).push(other.secret);
  const { nodes } = await world.json<{ nodes: object[] }>(['node', 'list', '--scope', world.domain]);
  expect(nodes).toEqual([]);
};
