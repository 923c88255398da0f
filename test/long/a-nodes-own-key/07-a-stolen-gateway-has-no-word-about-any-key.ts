import { randomUUID } from 'node:crypto';
import { createBusKey, subjects } from '@plexsphere/wire';
import { readNodeToken, signKeyChange, signProof } from '@plexsphere/wire/jws';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { asGateway, enroll, keyOf, type Host } from './hands';

/** With a gateway's credential one carries what others have said, once more or to another door, and says nothing oneself. */
export const step: Step = async (world) => {
  const [host, other] = [await enroll(world, 'stolen-from'), await enroll(world, 'beside-it')];
  const before = await recordOf(world, host);
  const mine = createBusKey('user');
  const said = {
    aud: readNodeToken(host.token).account,
    exp: Math.floor(Date.now() / 1_000) + 60,
    ...{ node_id: host.id, generation: host.generation },
  };
  const logout = await signProof('logout', said, keyOf(mine));
  const change = await signKeyChange(said, { old: keyOf(mine), new: keyOf(createBusKey('user')) });
  const shown = await signProof(
    'ask',
    { aud: said.aud, exp: said.exp, node_id: host.id, failed: null },
    keyOf(host.key),
  );
  const ofHost = (verb: 'key' | 'confirm' | 'token' | 'logout') => subjects.httpNodeKey(host.id, verb);
  for (const [what, subject, body] of [
    ['another key for the Node, by one of its own', ofHost('key'), { proof: change }],
    ['that the Node leaves, by one of its own', ofHost('logout'), { proof: logout }],
    ['what the Node has asked, as its farewell', ofHost('logout'), { proof: shown }],
    ['the same as its confirmation', ofHost('confirm'), { proof: shown }],
    ['the same in another Node’s name', subjects.httpNodeKey(other.id, 'key'), { proof: shown }],
    ['no proof at all', ofHost('token'), { proof: '' }],
  ] as const) {
    expect([what, await asGateway(world, subject, body)]).toMatchObject([what, { code: 'UNAUTHENTICATED' }]);
  }
  // Words of Nodes over HTTP: this one is none.
  const leave = await asGateway(world, subjects.httpDeregister(host.id), { request_id: randomUUID() });
  expect(leave.code).toBe('NOT_FOUND');
  expect(await recordOf(world, host)).toEqual(before);
  expect(await host.ask()).toMatchObject({ code: 'OK', body: { contested_since: null } });
};

async function recordOf(world: World, { id }: Host): Promise<Record<string, unknown>[]> {
  return world.query<Record<string, unknown>>(
    `SELECT n.state, n.bus_public_key, n.contested_at, k.*
       FROM ring.node n JOIN ring.node_key k ON k.node_id = n.id WHERE n.id = $1 ORDER BY k.generation`,
    [id],
  );
}
