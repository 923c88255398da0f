import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { fleetOf } from './hands';

export const step: Step = async (world) => {
  const { hosts, source } = fleetOf(world);
  const [changing, lost, other, away] = hosts;
  await source.stop();
  const events = await world.query<{ event_id: string }>('SELECT event_id FROM outbox.event WHERE epoch IS NULL');
  const committed = events.map(({ event_id }) => event_id).sort();
  expect(committed).toEqual(expect.arrayContaining(source.accepted));

  const staying = [changing, other, away];
  await eventually(() => staying.every(({ heard }) => heard.length >= committed.length), {
    describe: 'every event at every host',
  }).catch(() => undefined);
  for (const host of staying) expect([host.name, host.heard.toSorted()]).toEqual([host.name, committed]);
  expect(lost.heard).toHaveLength(new Set(lost.heard).size);
  for (const host of hosts) {
    const positions = host.sightings('event').map(({ position }) => Number(position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect([host.name, ...host.sightings('refused'), ...host.sightings('resync')]).toEqual([host.name]);
  }
  // Three keys, four tokens, and its stream was never down.
  for (const host of [changing, other]) {
    const [connected, disconnected] = [host.sightings('connected'), host.sightings('disconnected')];
    expect([host.name, connected.length, disconnected]).toEqual([host.name, 1, []]);
  }
};
