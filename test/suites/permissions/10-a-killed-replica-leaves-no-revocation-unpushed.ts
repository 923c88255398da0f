import { eventually } from '@plexsphere/testkit';
import { ask, admin, dialAs, makeToken, plexctlAs } from './hands';
import type { Step } from '../../src/tell-story';

/** A replica dies between its commit and its push; the other one finds the account in Postgres, and pushes it. */
export const step: Step = async (world) => {
  const chief = await admin(world);
  const leaver = await makeToken(world, { name: 'second-leaver', role: 'operator' });
  const [open, asking] = [await dialAs(world, leaver), await dialAs(world, chief)];
  const [first, second] = world.stack.services('rotation');
  // The one that answers is not known: whichever it is dies as soon as the commit is seen.
  const answered = ask(asking, chief, 'token.revoke', { id: leaver.id }).catch(() => undefined);
  await eventually(async () => {
    const rows = await world.query('SELECT FROM ring.operator WHERE id = $1 AND revoked_at IS NOT NULL', [leaver.id]);
    return rows.length === 1;
  });
  await first?.kill();
  await open.closed();
  await answered;
  expect((await plexctlAs(world, leaver, ['signing', 'jwks', '--scope', 'platform'])).exitCode).toBe(77);
  expect(second?.running).toBe(true);
  await first?.start();
};
