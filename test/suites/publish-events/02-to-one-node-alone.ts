import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const [first, second] = world.nodes;
  const [row] = await world.query<{ id: string }>(`SELECT id FROM ring.node WHERE name = 'edge-1' AND scope = $1`, [
    world.domain,
  ]);
  const publish = ['events', 'publish', '--node-id', row?.id ?? '', '--event-type', 'peer_removed'];
  const { event_id: eventId } = await world.json<{ event_id: string }>(publish, '{}');
  expect(eventId.startsWith(`${row?.id}/`)).toBe(true);
  await eventually(() => first?.applied.length === 2);
  expect(first?.applied[1]).toMatchObject({ eventId, eventType: 'peer_removed' });
  expect(second?.applied).toHaveLength(1);
};
