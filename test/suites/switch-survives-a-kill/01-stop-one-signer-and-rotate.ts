import { eventually } from '@plexsphere/testkit';
import { pastSilence } from '../../src/past-silence';
import type { Step } from '../../src/tell-story';

/** Neither replica can confirm while the signer is stopped: the switch waits for its lease to run out. */
export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  await world.allSignersServe(world.domain);
  const [stopped] = world.stack.services('signer');
  stopped?.pause();
  // Nobody waits for the answer: whoever gives it dies in the next step.
  void pastSilence(world, ['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  const committed = await eventually(
    async () => {
      const [row] = await world.query<{ switched: boolean }>(
        `SELECT switched_at IS NOT NULL AS switched FROM ring.ring_change WHERE scope = $1 AND change = 'rotate'`,
        [world.domain],
      );
      return row;
    },
    { describe: 'the commit' },
  );
  expect(committed?.switched).toBe(false);
};
