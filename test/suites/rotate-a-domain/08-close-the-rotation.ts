import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

const triple = ['--old', 'domain-2026-04', '--new', 'domain-2026-05'];

export const step: Step = async (world) => {
  const wrong = await world.plexctl([
    'signing',
    'close',
    '--scope',
    world.domain,
    '--old',
    'x',
    '--new',
    'domain-2026-05',
  ]);
  expect([wrong.exitCode, wrong.stderr.includes('signing: transition mismatch')]).toEqual([1, true]);

  // A Node's acknowledgement may be on its way still; the gate says so, and lets go when it has come.
  await eventually(
    async () => {
      const [row] = await world.query<{ lagging: number }>(
        `SELECT count(*)::int AS lagging FROM outbox.node_stream
          WHERE scope = $1 AND settled_epoch < 2`,
        [world.domain],
      );
      return row?.lagging === 0;
    },
    { describe: 'every Node having applied the rotation' },
  );
  const ran = await world.plexctl(['signing', 'close', '--scope', world.domain, ...triple]);
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout).toMatch(/^SCOPE +OLD_KEY_ID +NEW_KEY_ID *\n\S+ +domain-2026-04 +domain-2026-05 *\n$/);
  expect(ran.stderr).toMatch(/before closes_at/);
};
