import { randomBytes } from 'node:crypto';
import type { World } from '../../src/world';

export const GATEWAYS = ['gateway-1', 'gateway-2'] as const;

/** A Node as its daemon would call: with its bearer, at whichever gateway. */
export interface Caller {
  id: string;
  secret: string;
}

export const at = (world: World, gateway: string, path: string): string => `${world.stack.gatewayUrl(gateway)}${path}`;

export async function get<Body>(world: World, gateway: string, path: string, caller?: Caller): Promise<Body> {
  const headers = caller === undefined ? {} : { authorization: `Bearer ${caller.secret}` };
  const response = await fetch(at(world, gateway, path), { headers });
  if (response.status !== 200) throw new Error(`${gateway} answers ${path} by ${response.status}`);
  return (await response.json()) as Body;
}

export const newKey = (): string => randomBytes(32).toString('base64');

export const register = (world: World, gateway: string, token: string, publicKey: string): Promise<Response> =>
  fetch(at(world, gateway, '/v1/register'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, public_key: publicKey, hostname: 'box' }),
  });

export interface Registered {
  node_id: string;
  node_secret_key: string;
  signing_public_key: string;
  mesh_ip: string;
}

export const callerOf = ({ node_id: id, node_secret_key: secret }: Registered): Caller => ({ id, secret });

export async function enrolToken(world: World, scope = world.domain): Promise<string> {
  const { token } = await world.json<{ token: string }>(['node', 'enroll-token', '--scope', scope]);
  return token;
}

export const kids = async (world: World, gateway: string): Promise<string[]> =>
  (await get<{ keys: { kid: string }[] }>(world, gateway, `/v1/scopes/${world.domain}/jwks.json`)).keys.map(
    ({ kid }) => kid,
  );

export const nodeOf = (world: World): Caller => world.kept.get('node') as Caller;

/** What may be said of it by its heartbeat. */
export async function beat(world: World, gateway: string, { id, secret }: Caller): Promise<Record<string, boolean>> {
  const headers = { authorization: `Bearer ${secret}` };
  const response = await fetch(at(world, gateway, `/v1/nodes/${id}/heartbeat`), { method: 'POST', headers });
  if (response.status !== 200) throw new Error(`a heartbeat is answered by ${response.status}`);
  return (await response.json()) as Record<string, boolean>;
}
