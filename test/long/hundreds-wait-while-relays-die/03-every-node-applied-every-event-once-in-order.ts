import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const rows = await world.query<{ name: string; event_id: string }>(
    `SELECT n.name, m.event_id FROM outbox.message m JOIN ring.node n ON n.id = m.node_id ORDER BY m.position, m.id`,
  );
  const [events] = await world.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM outbox.event WHERE epoch IS NULL`,
  );
  await eventually(() => world.nodes.every(({ applied }) => applied.length >= events!.count), {
    timeoutMs: 120_000,
    describe: 'every event at every Node',
  }).catch(() => undefined);
  for (const [i, node] of world.nodes.entries()) {
    const inOrder = rows.filter(({ name }) => name === `edge-${i + 1}`).map(({ event_id }) => event_id);
    expect(inOrder).toHaveLength(events!.count);
    // P3: none lost, none twice, by position. P1: none by a key that it was not told of.
    expect(node.applied.map(({ eventId }) => eventId)).toEqual(inOrder);
    expect(node.refused).toEqual([]);
  }
};
