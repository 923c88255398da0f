// A member that lost what it was told, on a real PostgreSQL: its report has it told again, and not more than that.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import type { ReportedRing } from '@plexsphere/wire/commands';
import { ChannelWorld, type PlayedMember } from '../../testing/channel-world';
import { Heart, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

const MINUTE_MS = 60_000;

let heart: Heart;
let replica: Replica;
let world: ChannelWorld;
let app: PlayedMember;
let plugin: PlayedMember;
let aheadMs: number;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replica = await heart.replica();
  world = new ChannelWorld(heart, replica);
  ({ app, plugin } = await world.withTwo());
  aheadMs = 0;
  await applied();
});
afterEach(() => heart.stop());

/** Each has applied all that it was told; a minute later. */
async function applied(): Promise<void> {
  await heart.owner.query(
    `UPDATE outbox.message SET state = 'settled', outcome = 'applied', settled_at = now() WHERE state <> 'settled'`,
  );
  await world.told();
  await heart.turnClock((aheadMs += MINUTE_MS + 1_000));
}

const reports = (member: PlayedMember, rings: ReportedRing[]) =>
  replica.takeReport.take({ nodeId: member.node_id, isOverHttp: member.bus_jwt === null }, { rings });
const holding = async (member: PlayedMember): Promise<ReportedRing[]> =>
  Promise.all(world.scopes.map((scope) => world.holds(member, scope)));
const proven = (member: PlayedMember): Promise<unknown[]> =>
  heart.owner.query('SELECT scope FROM ring.member_key WHERE node_id = $1 ORDER BY scope', [member.node_id]);
const bothOf = (name: string): string[] => world.scopes.map((scope) => `${name} ${scope}`);

test('who says that it holds nothing is told of both rings, once: not again before that has come, nor within a minute', async () => {
  await reports(plugin, []);
  expect(await world.told()).toEqual(bothOf('plugin-1'));
  await heart.turnClock((aheadMs += 10 * MINUTE_MS));
  await reports(plugin, []);
  expect(await world.told()).toEqual([]);
  await heart.owner.query(`UPDATE outbox.message SET state = 'settled', outcome = 'applied', settled_at = now()`);
  await heart.turnClock(0);
  await reports(plugin, []);
  expect(await world.told()).toEqual([]);
  await heart.turnClock(aheadMs);
  await reports(plugin, []);
  expect(await world.told()).toEqual(bothOf('plugin-1'));
});

test('what it held is proven no more, and acknowledged no more, until it holds it again', async () => {
  expect(await proven(plugin)).toHaveLength(2);
  await reports(plugin, []);
  expect(await proven(plugin)).toEqual([]);
  const { members } = await world.stored();
  expect(members.find(({ name }) => name === 'plugin-1')).toMatchObject({ acknowledgedAt: null });
  await reports(plugin, await holding(plugin));
  expect(await proven(plugin)).toHaveLength(2);
});

test('a key that is staged does not sign where a receiver that had proven it has lost it', async () => {
  const other = await world.add({ side: 'plugin', name: 'plugin-2' });
  await world.rotate('k2');
  await world.says(plugin);
  await reports(plugin, []);
  await world.says(other);
  expect(await world.states()).toContain('k2 staged');
  await world.says(plugin);
  expect(await world.states()).toContain('k2 active');
});

test('who lacks one ring is told of that', async () => {
  await reports(app, [await world.holds(app)]);
  expect(await world.told()).toEqual(
    world.scopes.filter((scope) => scope !== world.ring).map((scope) => `app-1 ${scope}`),
  );
});

test('who holds what all hold is told nothing', async () => {
  for (const member of [app, plugin]) await reports(member, await holding(member));
  expect(await world.told()).toEqual([]);
});

describe('who is behind', () => {
  test('the last change that it was told of is told again: a receiver that did not take a key that is staged', async () => {
    const before = await holding(plugin);
    await world.rotate('k2');
    expect(await world.told()).toEqual([`plugin-1 ${world.ring}`]);
    await reports(plugin, before);
    expect(await world.told()).toEqual([]);
    await applied();
    await reports(plugin, before);
    expect(await world.told()).toEqual([`plugin-1 ${world.ring}`]);
    await world.says(plugin);
    expect(await world.states()).toContain('k2 active');
  });

  test('changes that are nothing to it is not: a sender while a key is staged, and all while others come', async () => {
    const before = [await holding(app), await holding(plugin)] as const;
    await world.rotate('k2');
    await world.add({ side: 'app', name: 'app-2' });
    await applied();
    await reports(app, before[0]);
    expect(await world.told()).toEqual([]);
    await reports(plugin, before[1]);
    expect(await world.told()).toEqual([`plugin-1 ${world.ring}`]);
  });
});

test('what it proved of a ring that it does not name stands while it names another: a sink may be writing that', async () => {
  const sink = await world.add({ side: 'plugin', name: 'sink', sink: true });
  await reports(sink, await holding(sink));
  await reports(sink, [await world.holds(sink)]);
  expect(await proven(sink)).toHaveLength(2);
});

test('who is no member says nothing here', async () => {
  await replica.removeNode.remove({ id: plugin.node_id }, identity('node.remove'));
  await expect(reports(plugin, [])).rejects.toMatchObject({ detail: 'signing: not a member' });
  expect(await world.told()).toEqual([]);
});
