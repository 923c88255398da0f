// What members report, on a real PostgreSQL under rotation's own role; signers and members are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { BusContext } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { subjects, type Scope } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { ChannelWorld, type PlayedMember } from '../../testing/channel-world';
import { Heart, identity, type Replica } from '../../testing/heart';
import { proofOf } from '../../testing/played-secrets';
import type { Alone } from './read-reporter';
import { ReportController } from './report.controller';

jest.setTimeout(120_000);

let heart: Heart;
let replica: Replica;
let world: ChannelWorld;
let app: PlayedMember;
let plugin: PlayedMember;
let first: string;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replica = await heart.replica();
  world = new ChannelWorld(heart, replica);
  ({ app, plugin } = await world.withTwo());
  first = (await world.stored()).ring.keys[0]?.keyId ?? '';
});
afterEach(() => heart.stop());

const proven = () =>
  heart.owner.query(
    `SELECT key_id, epoch::int, xmin::text, proven_at FROM ring.member_key WHERE scope = $1 AND node_id = $2`,
    [world.ring, plugin.node_id],
  );
const reportOf = async (member: PlayedMember): Promise<Record<string, unknown> | undefined> => {
  const rows = await heart.owner.query<Record<string, unknown>[]>(
    'SELECT * FROM ring.member_report WHERE scope = $1 AND node_id = $2',
    [world.ring, member.node_id],
  );
  return rows[0];
};
const proof = (over: Partial<Parameters<typeof proofOf>[0]> = {}): string =>
  proofOf({ scope: world.ring, keyId: first, epoch: 3, nodeId: plugin.node_id, ...over });

const otherRing = (): Scope => world.scopes.find((scope) => scope !== world.ring) ?? '';

test.each<[string, () => string]>([
  ['of another member', () => proof({ nodeId: app.node_id })],
  ['of another ring', () => proof({ scope: otherRing() })],
  ['of another key', () => proof({ keyId: 'k9' })],
  ['of another epoch', () => proof({ epoch: 2 })],
  ['that is none', () => Buffer.alloc(32).toString('base64')],
])('a proof %s is refused, and what was proven before is proven no more', async (_, made) => {
  expect(await proven()).toMatchObject([{ key_id: first, epoch: 3 }]);
  expect(await world.says(plugin, { epoch: 3, keys: [{ key_id: first, proof: made() }] })).toEqual({
    ...{ scope: world.ring, epoch: 3, proven: [] },
    refused: [{ key_id: first, detail: 'signing: wrong proof' }],
  });
  expect(await proven()).toEqual([]);
});

test('a proof over an epoch at which the key was not there yet is of no key', async () => {
  await world.rotate('k2');
  const { keys } = await world.holds(plugin);
  const old = keys.map(({ key_id: keyId }) => ({ key_id: keyId, proof: proof({ keyId, epoch: 3 }) }));
  expect(await world.says(plugin, { epoch: 3, keys: old })).toMatchObject({
    proven: [first],
    refused: [{ key_id: 'k2', detail: 'signing: wrong proof' }],
  });
  expect(await world.states()).toContain('k2 staged');
});

test('an epoch that the ring has not reached is believed by nobody, and changes nothing', async () => {
  const before = await reportOf(plugin);
  const ahead = world.says(plugin, { epoch: 9, keys: [{ key_id: first, proof: proof({ epoch: 9 }) }] });
  await expect(ahead).rejects.toMatchObject({ detail: 'signing: epoch mismatch', body: { epoch: 3 } });
  expect(await reportOf(plugin)).toEqual(before);
});

describe('who is no member of the ring', () => {
  const take = (nodeId: string, isOverHttp: boolean, ring: ReportedRing) =>
    replica.takeReport.take({ nodeId, isOverHttp }, { rings: [ring] });
  const refused = { code: 'PERMISSION_DENIED', detail: 'signing: not a member' };

  test('is refused: a stranger, a Node of the platform, a member of another channel, a removed one', async () => {
    const said = await world.holds(plugin);
    await expect(take(randomUUID(), false, said)).rejects.toMatchObject(refused);
    const [node] = await heart.owner.query<{ id: string }[]>(`SELECT id FROM ring.node WHERE name = 'node of p1'`);
    await expect(take(node!.id, false, said)).rejects.toMatchObject(refused);
    const other = new ChannelWorld(heart, replica, 'mail');
    await other.create();
    const foreign = await other.add({ side: 'plugin', name: 'mail-1' });
    await expect(take(foreign.node_id, false, said)).rejects.toMatchObject(refused);
    await replica.removeNode.remove({ id: plugin.node_id }, identity('node.remove'));
    await expect(take(plugin.node_id, false, said)).rejects.toMatchObject(refused);
    expect(await heart.owner.query('SELECT FROM ring.member_report WHERE node_id = $1', [plugin.node_id])).toEqual([]);
    expect(await proven()).toEqual([]);
  });

  test('no gateway speaks for one on the bus, and nobody on the bus for one over HTTP', async () => {
    const overHttp = await world.add({ side: 'plugin', name: 'plugin-2', overHttp: true });
    await expect(take(plugin.node_id, true, await world.holds(plugin))).rejects.toMatchObject(refused);
    await expect(take(overHttp.node_id, false, await world.holds(overHttp))).rejects.toMatchObject(refused);
    await expect(take(overHttp.node_id, true, await world.holds(overHttp))).resolves.toMatchObject({
      rings: [{ proven: [first], refused: [] }],
    });
  });

  test('the subject says who speaks, whatever stands in the body', async () => {
    const controller = new ReportController(replica.takeReport);
    const report = { rings: [await world.holds(plugin)] };
    const said = await controller.fromBus(report, new BusContext([subjects.nodeChannel(app.node_id)]));
    expect(said.rings).toMatchObject([{ proven: [], refused: [{ key_id: first, detail: 'signing: wrong proof' }] }]);
    await expect(controller.fromGateway(report, new BusContext(['http.nobody.channel']))).rejects.toMatchObject({
      body: { field: 'node_id' },
    });
  });
});

test('the same proof again is the same fact: no signer is asked, and its row is left alone', async () => {
  const [before] = await proven();
  const asked = heart.signers.times('check-proofs');
  await heart.turnClock(60_000);
  await world.says(plugin);
  expect(heart.signers.times('check-proofs')).toBe(asked);
  expect(await proven()).toEqual([before]);
  const said = { rings: [await world.holds(plugin), await world.holds(plugin, otherRing())] };
  const queries = jest.spyOn(DataSource.prototype, 'query');
  await replica.takeReport.take({ nodeId: plugin.node_id, isOverHttp: false }, said);
  const [read, ...written] = queries.mock.calls.map(([statement]) => statement.trim().split(' ', 1)[0]);
  queries.mockRestore();
  expect([read, ...written]).toEqual(['SELECT', 'UPDATE']);
  expect(await reportOf(plugin)).toMatchObject({ acknowledged_epoch: '1' });
  // Of another epoch it is another proof of what was proven all the while.
  await world.add({ side: 'app', name: 'app-2' });
  await world.says(plugin);
  expect(heart.signers.times('check-proofs')).toBe(asked + 1);
  expect(await proven()).toMatchObject([{ key_id: first, epoch: 4, proven_at: before!.proven_at }]);
});

test('a signer that does not know a key yet is no verdict: another is asked, and then the member again', async () => {
  await world.rotate('k2');
  heart.signers.behind = 1;
  expect(await world.says(plugin)).toMatchObject({ refused: [] });
  expect(await world.states()).toContain('k2 active');
  await world.rotate('k9', replica, otherRing());
  heart.signers.behind = 2;
  expect(await world.says(app, { scope: otherRing() })).toMatchObject({
    refused: expect.arrayContaining([{ key_id: 'k9', detail: 'signing: key unavailable' }]),
  });
});

test('where no signer answers nothing of a report stands', async () => {
  await world.rotate('k2');
  const before = await reportOf(plugin);
  heart.signers.areAway = true;
  await expect(world.says(plugin)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await reportOf(plugin)).toEqual(before);
});

test('what it signed and verified last stays known when its process begins anew, and refusals are of the last hour', async () => {
  const use = { key_id: first, at: '2026-01-01T00:00:00Z' };
  await world.says(plugin, { last_verified: use, refusals: { stale: 2 } });
  await world.says(plugin, { last_verified: null, refusals: { stale: 1, unknown_key: 4 } });
  expect(await shown()).toMatchObject({ last_verified: use, refusals: { stale: 3, unknown_key: 4 }, role: 'receiver' });
  await heart.turnClock(3_700_000);
  await world.says(plugin, { refusals: { stale: 1 } });
  expect(await shown()).toMatchObject({ refusals: { stale: 1 } });
  expect(await heart.owner.query('SELECT FROM ring.member_refusal')).toHaveLength(1);
});

test('a use that was reported is taken back by no report of a longer period', async () => {
  const use = { key_id: first, at: '2026-01-01T00:00:00Z' };
  const stands = async () => {
    const { at, period_from } = ((await reportOf(plugin))?.['verified_alone'] as Alone)[first]!;
    return { at, period_from };
  };
  await world.says(plugin, { alone: [use], period_seconds: 60 });
  const before = await stands();
  await world.says(plugin, { alone: [{ ...use, at: '2025-01-01T00:00:00Z' }], period_seconds: 86_400 });
  expect(await stands()).toEqual(before);
  await world.says(plugin, { alone: [use], period_seconds: 0 });
  expect(await stands()).not.toEqual(before);
});

test('an old key that somebody used alone is closed early once its member has reported for five minutes that nobody does', async () => {
  const [from, minute] = [400_000, 60_000];
  let aheadMs = 0;
  const pass = (ms: number): Promise<void> => heart.turnClock((aheadMs += ms));
  await world.rotate('k2');
  await world.says(plugin);
  await world.says(app);
  await pass(from);
  const used = { key_id: first, at: '2026-01-01T00:00:00Z' };
  await world.says(app);
  await world.says(plugin, { alone: [used], period_seconds: 0 });
  const inUse = { detail: 'signing: old key in use', body: { name: 'plugin-1', at: '2026-01-01T00:00:00.000Z' } };
  await expect(world.close(first)).rejects.toMatchObject(inUse);
  for (let minutes = 1; minutes <= 5; minutes++) {
    await pass(minute);
    await world.says(plugin, { period_seconds: 60 });
    await expect(world.close(first)).rejects.toMatchObject(inUse);
  }
  await pass(minute);
  await world.says(plugin, { period_seconds: 60 });
  await expect(world.close(first)).resolves.toMatchObject({ scope: world.ring, old_key_id: first });
});

describe('who proves nothing of the key that signs', () => {
  const acknowledged = async () => (await reportOf(app))?.['acknowledged_epoch'] ?? null;

  test.each<[string, () => ReportedRing['keys']]>([
    ['names no key', () => []],
    ['names it with a wrong proof', () => [{ key_id: first, proof: Buffer.alloc(32).toString('base64') }]],
    ['has it from another member', () => [{ key_id: first, proof: proof({ nodeId: plugin.node_id }) }]],
  ])('holds no switch, whatever epoch it says: it %s', async (_, keys) => {
    await world.says(app);
    expect(await acknowledged()).toBe('1');
    await world.says(app, { keys: keys() });
    expect(await acknowledged()).toBeNull();
    await world.says(app);
    expect(await acknowledged()).toBe('1');
  });

  test('tells of no period, so that nobody is taken for having used nothing in it', async () => {
    const from = async () => (await reportOf(plugin))?.['period_from'];
    await world.says(plugin);
    const before = await from();
    await heart.turnClock(60_000);
    await world.says(plugin, { keys: [] });
    expect(await from()).toEqual(before);
    await world.says(plugin);
    expect(await from()).not.toEqual(before);
    const unheard = await world.add({ side: 'plugin', name: 'plugin-2', overHttp: true });
    await world.says(unheard, { keys: [] });
    expect((await reportOf(unheard))?.['period_from']).toEqual(new Date(0));
  });

  test('has no old key closed early: a gateway’s word for a sender is none', async () => {
    const sender = await world.add({ side: 'app', name: 'app-2', overHttp: true });
    for (const member of [app, sender, plugin]) await world.says(member);
    await world.rotate('k2');
    await world.says(plugin);
    expect(await world.states()).toEqual([`${first} retiring`, 'k2 active']);
    await world.says(app);
    await world.says(sender, { keys: [] });
    await heart.turnClock(400_000);
    for (const member of [app, plugin]) await world.says(member);
    await world.says(sender, { keys: [] });
    await expect(world.close(first)).rejects.toMatchObject({
      detail: 'signing: nodes lagging',
      body: { lagging: ['app-2'] },
    });
  });
});

test('of a member that makes up reasons, and counts without end, little is kept and shown', async () => {
  const letters = [...'abcdefghijklmnopqrst'];
  await world.says(plugin, { refusals: { stale: Number.MAX_SAFE_INTEGER } });
  for (const made of letters.slice(0, 4)) {
    const refusals = Object.fromEntries(letters.map((letter) => [`${made}_${letter}`, 2]));
    await world.says(plugin, { refusals });
  }
  await world.says(plugin, { refusals: { stale: Number.MAX_SAFE_INTEGER, a_a: 1 } });
  const refusals = (await shown())?.refusals ?? {};
  expect(Object.keys(refusals)).toHaveLength(25);
  expect(refusals).toMatchObject({ stale: Number.MAX_SAFE_INTEGER, a_a: 3, b_c: 2, other: 2 * (4 * 20 - 23) });
  expect(await heart.owner.query('SELECT FROM ring.member_refusal')).toHaveLength(25);
});

test('of a sink nobody knows by what was signed', async () => {
  const sink = await world.add({ side: 'plugin', name: 'sink', sink: true });
  await world.says(sink, { taken_over: ['theirs-1'] });
  expect(await shown('sink')).toMatchObject({
    ...{ sink: true, last_signed: 'unknown', last_verified: 'unknown', taken_over: ['theirs-1'], epoch: 4 },
  });
});

test('what a member verified by a key that has gone is forgotten with it', async () => {
  await world.says(plugin, { alone: [{ key_id: first, at: '2026-01-01T00:00:00Z' }] });
  await world.says(plugin, { alone: [{ key_id: 'unheard', at: '2026-01-01T00:00:00Z' }] });
  expect(Object.keys((await reportOf(plugin))?.['verified_alone'] as object)).toEqual([first]);
});

async function shown(name = 'plugin-1') {
  const channel = await world.show();
  const ring = channel.rings.find(({ scope }) => scope === world.ring);
  return ring?.members.find((member) => member.name === name);
}
