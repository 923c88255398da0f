import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const rows = () =>
    world.query<{ name: string; applied: boolean | null }>(
      `SELECT node.name, message.applied FROM outbox.key_message AS message JOIN ring.node ON node.id = message.node_id
         JOIN outbox.event ON event.event_id = message.event_id::text
        WHERE event.event_type = 'signing_key_rotated' AND node.scope = $1 ORDER BY node.name`,
      [world.domain],
    );
  expect((await rows()).map((row) => row.name)).toEqual(['edge-1', 'edge-2', 'edge-3']);
  await eventually(() => world.nodes.every((node) => node.trusts[0] === 'domain-2026-05'), {
    describe: 'every Node trusting the new key',
  });
  await eventually(async () => (await rows()).every(({ applied }) => applied === true), {
    describe: 'each row settled, as applied',
  });
  const [counted] = await world.query(
    `SELECT nodes, applied, superseded FROM outbox.event WHERE event_type = 'signing_key_rotated' AND scope = $1`,
    [world.domain],
  );
  expect(counted).toEqual({ nodes: 3, applied: 3, superseded: 0 });
  expect(world.nodes.map((node) => node.trusts)).toEqual(world.nodes.map(() => ['domain-2026-05', 'domain-2026-04']));
};
