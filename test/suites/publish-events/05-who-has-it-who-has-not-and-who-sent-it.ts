import { eventually } from '@plexsphere/testkit';
import type { ListAuditReply, ListEventsReply, ShowEventReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';

/** N-9: a backlog counts what is unsent; who does not have an event stands here, by name. */
export const step: Step = async (world) => {
  const [awake, asleep] = world.nodes;
  await asleep?.stop();
  const publish = ['events', 'publish', '--scope', world.domain, '--event-type', 'policy_updated'];
  const { event_id: eventId } = await world.json<{ event_id: string }>(publish, '{}');
  const show = () => world.json<ShowEventReply>(['events', 'show', '--event-id', eventId]);
  await eventually(async () => (await show()).applied === 1, { describe: `${awake?.name} having it` });
  const missing = await eventually(async () => (await show()).missing.filter(({ state }) => state === 'sent'), {
    describe: 'the event sent to nobody',
  });
  expect(missing.map(({ name, scope }) => [name, scope])).toEqual([[asleep?.name, world.domain]]);
  expect(await show()).toMatchObject({ event_type: 'policy_updated', nodes: 2, applied: 1, waiting: 1 });

  const listed = await world.json<ListEventsReply>(['events', 'list', '--scope', world.domain, '--limit', '1']);
  expect(listed.events).toEqual([expect.objectContaining({ event_id: eventId, applied: 1, waiting: 1 })]);
  const before = await world.json<ListEventsReply>([
    ...['events', 'list', '--scope', world.domain, '--limit', '1', '--after', listed.next ?? ''],
  ]);
  expect(before.events[0]?.event_id).not.toBe(eventId);

  await asleep?.start();
  await eventually(async () => (await show()).applied === 2, { describe: `${asleep?.name} having it` });
  expect((await show()).missing).toEqual([]);

  const { entries } = await world.json<ListAuditReply>([
    ...['audit', 'list', '--scope', world.domain, '--action', 'events.publish', '--actor', 'admin', '--limit', '1'],
  ]);
  expect(entries).toEqual([
    expect.objectContaining({ actor: 'admin', forced: false, detail: expect.objectContaining({ event_id: eventId }) }),
  ]);
};
