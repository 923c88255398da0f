import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { admin, ask, askAs, dialAs, makeToken, plexctlAs } from './hands';

export const step: Step = async (world) => {
  const guest = await makeToken(world, { name: 'guest', role: 'operator', expires_in_seconds: 5 });
  const open = await dialAs(world, guest);
  expect((await ask(open, guest, 'signing.ring', { scope: 'platform' })).code).toBe('OK');
  // The bus ends it by itself.
  await open.closed();
  // In the very second of the expiry the bus may let them in once more, and cut them again.
  const jwks = () => plexctlAs(world, guest, ['signing', 'jwks', '--scope', 'platform']);
  await eventually(async () => (await jwks()).exitCode === 77, { describe: 'plexctl being refused' });

  // And where the bus still lets somebody in, the database's clock decides, and does not say why.
  const late = await makeToken(world, { name: 'late', role: 'operator' });
  await world.query('UPDATE ring.operator SET expires_at = clock_timestamp() WHERE id = $1', [late.id]);
  const expired = await askAs(world, late, 'signing.ring', { scope: 'platform' });
  await world.query(
    `UPDATE ring.operator SET expires_at = expires_at + interval '1 h', revoked_at = clock_timestamp() WHERE id = $1`,
    [late.id],
  );
  const revoked = await askAs(world, late, 'signing.ring', { scope: 'platform' });
  await world.query('DELETE FROM ring.operator WHERE id = $1', [late.id]);
  const unknown = await askAs(world, late, 'signing.ring', { scope: 'platform' });
  const refused = { code: 'UNAUTHENTICATED', body: { code: 'UNAUTHENTICATED', detail: 'signing: not authenticated' } };
  expect([expired, revoked, unknown]).toEqual([refused, refused, refused]);

  const { tokens } = (await askAs(world, await admin(world), 'token.list', {})).body as { tokens: object[] };
  expect(tokens).toContainEqual(expect.objectContaining({ name: 'guest', state: 'expired' }));
  expect(tokens).toContainEqual(expect.objectContaining({ name: 'leaver', state: 'revoked' }));
};
