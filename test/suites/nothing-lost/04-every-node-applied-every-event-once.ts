import { eventually, type EventSource } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const source = world.kept.get('source') as EventSource;
  await source.stop();
  const events = await world.query<{ event_id: string }>(`SELECT event_id FROM outbox.event WHERE epoch IS NULL`);
  const committed = events.map((event) => event.event_id).sort();
  expect(committed).toEqual(expect.arrayContaining(source.accepted));
  await eventually(() => world.nodes.every((node) => node.applied.length >= committed.length), {
    timeoutMs: 90_000,
    describe: 'every event at every Node',
  }).catch(() => undefined);
  for (const node of world.nodes) {
    expect(node.applied.map((event) => event.eventId).sort()).toEqual(committed);
    expect(node.refused).toEqual([]);
  }
};
