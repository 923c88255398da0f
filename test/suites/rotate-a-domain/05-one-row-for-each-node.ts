import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const rows = await world.query<{ name: string }>(
    `SELECT node.name FROM outbox.message JOIN ring.node ON node.id = message.node_id
       JOIN outbox.event USING (event_id)
      WHERE event.event_type = 'signing_key_rotated' AND node.scope = $1 ORDER BY node.name`,
    [world.domain],
  );
  expect(rows.map((row) => row.name)).toEqual(['edge-1', 'edge-2', 'edge-3']);
  await eventually(() => world.nodes.every((node) => node.trusts[0] === 'domain-2026-05'), {
    describe: 'every Node trusting the new key',
  });
  expect(world.nodes.map((node) => node.trusts)).toEqual(world.nodes.map(() => ['domain-2026-05', 'domain-2026-04']));
};
