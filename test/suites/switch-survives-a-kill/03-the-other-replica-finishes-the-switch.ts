import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { LEASE_MS } from './lease';

const TURN_MS = 2_000;
/** For the poll and the two processes' own work on a busy machine; the promise itself is L and one turn. */
const ALLOWANCE_MS = 8_000;

export const step: Step = async (world) => {
  const killedAt = world.kept.get('killed at') as number;
  await eventually(
    async () => {
      const [row] = await world.query<{ switched: boolean }>(
        `SELECT switched_at IS NOT NULL AS switched FROM ring.ring_change WHERE scope = $1 AND change = 'rotate'`,
        [world.domain],
      );
      return row?.switched === true;
    },
    { describe: 'the switch being recorded' },
  );
  expect(Date.now() - killedAt).toBeLessThan(LEASE_MS + TURN_MS + ALLOWANCE_MS);
};
