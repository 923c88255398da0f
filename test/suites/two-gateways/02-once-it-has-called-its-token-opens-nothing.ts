import { eventually } from '@plexsphere/testkit';
import type { EnrollTokenSummary } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { enrolToken, get, newKey, nodeOf, register } from './hands';

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

  // Nor does one that is revoked in time.
  const other = await enrolToken(world);
  const list = async (): Promise<EnrollTokenSummary[]> => {
    const args = ['enroll-token', 'list', '--scope', world.domain];
    return (await world.json<{ tokens: EnrollTokenSummary[] }>(args)).tokens;
  };
  const [used, unused] = await list();
  expect([used, unused]).toMatchObject([
    { state: 'used', node_id: nodeOf(world).id },
    { state: 'valid', node_id: null },
  ]);
  const revoke = (id: string) => world.plexctl(['enroll-token', 'revoke', '--id', id]);
  const revoked = await revoke(unused!.id);
  expect(revoked).toMatchObject({ exitCode: 0, stderr: '' });
  expect(revoked.stdout).toMatch(/^ID +SCOPE +REVOKED_AT\n/);
  expect((await register(world, 'gateway-2', other, newKey())).status).toBe(401);
  // What a Node has come by is said: the Node stays.
  expect((await revoke(used!.id)).stderr).toContain(`Node ${nodeOf(world).id} has registered with it, and stays`);
  await get(world, 'gateway-1', `/v1/nodes/${nodeOf(world).id}/state`, nodeOf(world));
  expect((await list()).map(({ state }) => state)).toEqual(['revoked', 'revoked']);
};
