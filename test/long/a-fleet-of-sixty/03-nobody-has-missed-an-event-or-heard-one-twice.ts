import { eventually } from '@plexsphere/testkit';
import type { CrowdHost } from '../../src/edge-crowd';
import type { Step } from '../../src/tell-story';
import { everyone, fleetOf } from './hands';

export const step: Step = async (world) => {
  const fleet = fleetOf(world);
  const { source, away, full, lost } = fleet;
  await away.start();
  await source.stop();
  const events = await world.query<{ event_id: string }>('SELECT event_id FROM outbox.event WHERE epoch IS NULL');
  const committed = events.map(({ event_id }) => event_id).sort();
  expect(committed).toEqual(expect.arrayContaining(source.accepted));

  const hasAll = ({ heard }: { heard: unknown[] }): boolean => heard.length >= committed.length;
  await eventually(async () => [away, full, ...(await staying())].every(hasAll), {
    timeoutMs: 180_000,
    describe: 'every event at every host',
  }).catch(() => undefined);
  const hosts = await staying();
  expect(hosts).toHaveLength(57);
  for (const host of hosts) {
    const { name, heard, refused, failed, connected, disconnected, over } = host;
    expect([name, heard.map(({ eventId }) => eventId).sort()]).toEqual([name, committed]);
    expect([name, ...positionsOf(host)]).toEqual([name, ...positionsOf(host).sort((a, b) => a - b)]);
    // Its stream was never down, and what failed came to a good end.
    expect({ name, refused, connected, disconnected, over }).toEqual({
      ...{ name, refused: [], connected: 1, disconnected: 0, over: null },
    });
    for (const why of failed) expect(why).toMatch(/^(unanswered|not_moved):/);
  }
  for (const { name, heard } of [away, full]) expect([name, heard.toSorted()]).toEqual([name, committed]);

  const active = await world.query<{ name: string; generation: number; public_key: string }>(
    `SELECT node.name, key.generation::int AS generation, key.public_key
       FROM ring.node_key AS key JOIN ring.node ON node.id = key.node_id
      WHERE key.state = 'active' AND node.scope = $1`,
    [world.domain],
  );
  const held = hosts.map(({ name, status: { generation, public_key } }) => ({ name, generation, public_key }));
  expect(active.filter(({ name }) => !['away', 'full'].includes(name)).sort(byName)).toEqual(held.sort(byName));
  expect(new Set(held.map(({ generation }) => generation))).toEqual(new Set([2]));

  async function staying(): Promise<CrowdHost[]> {
    return (await everyone(fleet)).filter(({ name }) => name !== lost);
  }
};

const positionsOf = ({ heard }: CrowdHost): number[] => heard.map(({ position }) => position);
const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
