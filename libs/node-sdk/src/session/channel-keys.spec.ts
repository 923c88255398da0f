/** What a member is told of its channel's rings: what is taken, when it is acknowledged, and what nobody can slip in. */
import { randomUUID } from 'node:crypto';
import { testKey } from '@plexsphere/testkit';
import { PLATFORM, checkValue } from '@plexsphere/wire';
import { PlayedRing, playedMember, type PlayedMember } from '../../testing/played-ring';
import { SessionHarness } from '../../testing/session-harness';
import { TestMesh } from '../../testing/test-mesh';
import { stateText } from '../store/trust-file';

const START = new Date('2026-03-01T12:00:00Z');
const SLUG = 'chat-plugin';
const HOUR_MS = 3_600_000;
const inMs = (ms: number): Date => new Date(Date.now() + ms);

let mesh: TestMesh;
let member: PlayedMember;
/** The member verifies in the one, and signs in the other. */
let incoming: PlayedRing;
let outgoing: PlayedRing;
let node: SessionHarness;

beforeEach(async () => {
  jest.useFakeTimers({ now: START });
  mesh = await TestMesh.create(START, PLATFORM);
  member = playedMember(mesh.nodeId, 'plugin');
  incoming = new PlayedRing(`channel:${SLUG}:backend-to-plugin`);
  outgoing = new PlayedRing(`channel:${SLUG}:plugin-to-backend`);
  node = await SessionHarness.create(mesh, undefined, { slug: SLUG, member });
  await node.connectAndAnswer();
});

afterEach(() => {
  node.crash();
  node.session.stop();
  node.member?.stop();
  jest.useRealTimers();
});

type Over = Parameters<PlayedRing['event']>[3];
const tell = (ring: PlayedRing, position = node.session.state.position + 1, over: Over = {}): Promise<void> =>
  node.send({ kind: 'event', text: ring.event(mesh, member, new Date(), over), position });
const told = async (ring: PlayedRing, over: Over = {}): Promise<void> => {
  await tell(ring, undefined, over);
  await settled();
};
const settled = (): Promise<void> => jest.advanceTimersByTimeAsync(1);
const keysOf = (ring: PlayedRing): string[] => node.member!.keysFor(ring.scope).map(({ keyId }) => keyId);
const epochOf = (ring: PlayedRing): number | undefined =>
  node.onDisk.rings.find(({ scope }) => scope === ring.scope)?.epoch;
const lastReport = () => node.reports.at(-1);

describe('what is told is taken', () => {
  test('and on the disk before it is acknowledged, serves, is proven; the application is not called', async () => {
    let write: () => void = () => undefined;
    node.beforeSave = () => new Promise((resolve) => (write = resolve));
    await told(incoming);
    const acks = node.acks.length;
    expect([keysOf(incoming), node.changes, node.reports]).toEqual([[], [], []]);
    write();
    await settled();
    expect(node.acks.slice(acks).map(({ position }) => position)).toEqual([1]);
    expect(node.member!.keysFor(incoming.scope)).toEqual([
      { keyId: 'key-1', secret: incoming.active.secret, use: 'verify', active: true, verifiesUntil: null },
    ]);
    expect(node.changes).toEqual([incoming.scope]);
    expect(incoming.provenBy(lastReport()![0]!, mesh.nodeId)).toEqual(['key-1']);
    expect(node.handled).toEqual([]);
    expect(node.session.counts).toMatchObject({ channelKeys: 1, applied: 0, refused: {} });
  });

  test('each ring by itself, over a whole rotation; a sender hears nothing of what is staged', async () => {
    for (const ring of [incoming, outgoing]) await told(ring);
    for (const ring of [incoming, outgoing]) ring.stage();
    for (const ring of [incoming, outgoing]) await told(ring);
    expect([keysOf(incoming), keysOf(outgoing)]).toEqual([['key-2', 'key-1'], ['key-1']]);
    for (const ring of [incoming, outgoing]) ring.activate(inMs(24 * HOUR_MS));
    for (const ring of [incoming, outgoing]) await told(ring);
    expect([keysOf(incoming), keysOf(outgoing)]).toEqual([
      ['key-2', 'key-1'],
      ['key-2', 'key-1'],
    ]);
    for (const ring of [incoming, outgoing]) ring.close();
    for (const ring of [incoming, outgoing]) await told(ring);
    expect([keysOf(incoming), keysOf(outgoing)]).toEqual([['key-2'], ['key-2']]);
    expect(lastReport()!.map(({ scope, epoch, keys }) => [scope, epoch, keys.length])).toEqual([
      [incoming.scope, 4, 1],
      [outgoing.scope, 4, 1],
    ]);
  });

  test.each(['plugin', 'backend'])(
    'a member that was removed is told so, as if it were at %s, and keeps nothing',
    async (side) => {
      for (const ring of [incoming, outgoing]) await told(ring);
      for (const ring of [incoming, outgoing]) {
        ring.epoch += 1;
        await told(ring, { payload: ring.payload(member, { side, keys: [] }) });
      }
      expect([keysOf(incoming), keysOf(outgoing), node.refused]).toEqual([[], [], []]);
      for (const { active } of [incoming, outgoing])
        expect(stateText(node.onDisk)).not.toContain(active.secret.toString('base64'));
      expect(lastReport()!.map(({ epoch, keys }) => [epoch, keys])).toEqual([
        [2, []],
        [2, []],
      ]);
    },
  );

  test('a secret is a copy', async () => {
    await told(incoming);
    node.member!.keysFor(incoming.scope)[0]!.secret.fill(0);
    expect(node.member!.keysFor(incoming.scope)[0]!.secret).toEqual(incoming.active.secret);
  });

  test('an epoch that is held, or an earlier one, is acknowledged and dropped', async () => {
    const early = incoming.event(mesh, member, new Date());
    incoming.stage();
    await told(incoming);
    await told(incoming);
    await node.send({ kind: 'event', text: early, position: 3 });
    await settled();
    expect(node.acks.at(-1)?.position).toBe(3);
    expect([epochOf(incoming), keysOf(incoming)]).toEqual([2, ['key-2', 'key-1']]);
    expect(node.session.counts).toMatchObject({ channelKeys: 1, superseded: 2, refused: {} });
  });

  test('a restart finds it, and a text that was not on the disk yet comes again', async () => {
    await told(incoming);
    incoming.stage();
    node.beforeSave = () => new Promise(() => undefined);
    await told(incoming);
    expect(keysOf(incoming)).toEqual(['key-1']);
    node.beforeSave = () => Promise.resolve();
    node.crash();
    expect(keysOf(incoming)).toEqual(['key-1']);
    await node.connectAndAnswer();
    await told(incoming);
    expect([epochOf(incoming), keysOf(incoming)]).toEqual([2, ['key-2', 'key-1']]);
  });

  test('what was taken away serves no more at once, also while the disk cannot be written', async () => {
    incoming.stage();
    await told(incoming);
    node.beforeSave = () => Promise.reject(new Error('ENOSPC'));
    incoming.activate(inMs(HOUR_MS));
    incoming.close();
    await told(incoming);
    expect([keysOf(incoming), epochOf(incoming)]).toEqual([['key-2'], 2]);
    expect(node.changes).toEqual([incoming.scope, incoming.scope]);
  });
});

describe('by the clock', () => {
  test('a sender signs by both for as long as it was told, from when it was first given the new one, over a restart', async () => {
    await told(outgoing);
    outgoing.stage();
    outgoing.activate(inMs(24 * HOUR_MS));
    await told(outgoing);
    expect(keysOf(outgoing)).toEqual(['key-2', 'key-1']);
    await jest.advanceTimersByTimeAsync(200_000);
    node.crash();
    expect(keysOf(outgoing)).toEqual(['key-2', 'key-1']);
    // The same key to sign by, told anew.
    outgoing.epoch += 1;
    await node.connectAndAnswer();
    await told(outgoing);
    await jest.advanceTimersByTimeAsync(99_000);
    expect(keysOf(outgoing)).toEqual(['key-2', 'key-1']);
    const changes = node.changes.length;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(keysOf(outgoing)).toEqual(['key-2']);
    expect(node.changes.slice(changes)).toEqual([outgoing.scope]);
  });

  test('after a rollback a sender signs by the old one first, and beside it by the other', async () => {
    await told(outgoing);
    outgoing.stage();
    outgoing.activate(inMs(24 * HOUR_MS));
    await told(outgoing);
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    node.crash();
    await node.connectAndAnswer();
    outgoing.rollBack(inMs(HOUR_MS));
    await told(outgoing);
    expect(keysOf(outgoing)).toEqual(['key-1', 'key-2']);
    await jest.advanceTimersByTimeAsync(301_000);
    expect(keysOf(outgoing)).toEqual(['key-1']);
  });

  test('a receiver that is cut off drops a key at its end, from the disk too, and says so', async () => {
    incoming.stage();
    incoming.activate(inMs(HOUR_MS));
    await told(incoming);
    node.session.disconnected();
    const secret = incoming.keys.find(({ keyId }) => keyId === 'key-1')!.secret.toString('base64');
    expect(stateText(node.onDisk)).toContain(secret);
    await jest.advanceTimersByTimeAsync(HOUR_MS + 1);
    expect(keysOf(incoming)).toEqual(['key-2']);
    expect(stateText(node.onDisk)).not.toContain(secret);
    expect(lastReport()![0]).toMatchObject({ epoch: 3, keys: [{ key_id: 'key-2' }] });
  });

  test('a key whose time was over while the process was away is gone when it comes', async () => {
    incoming.stage();
    incoming.activate(inMs(HOUR_MS));
    await told(incoming);
    node.session.stop();
    node.member!.stop();
    jest.setSystemTime(inMs(HOUR_MS));
    node.crash();
    expect(keysOf(incoming)).toEqual(['key-2']);
    await settled();
    expect(node.onDisk.rings[0]?.keys.map(({ keyId }) => keyId)).toEqual(['key-2']);
  });

  test('a key that goes while a chain is being verified does not come back by it', async () => {
    incoming.stage();
    incoming.activate(inMs(HOUR_MS));
    await told(incoming);
    await mesh.platform.rotate('platform-2', new Date());
    const text = await mesh.chain(inMs(HOUR_MS), { epoch: 0, platformEpoch: 0 });
    jest.setSystemTime(inMs(HOUR_MS));
    const taking = node.chain(text);
    node.session.dropOver();
    await taking;
    expect(node.session.state.platform.activeKeyId).toBe('platform-2');
    expect(node.session.state.rings[0]?.keys.map(({ keyId }) => keyId)).toEqual(['key-2']);
  });
});

describe('what is refused leaves what is held as it is', () => {
  beforeEach(async () => {
    await told(incoming);
    incoming.stage();
  });

  const held = (): unknown => [keysOf(incoming), epochOf(incoming), node.onDisk.rings.length];
  const asBefore = [['key-1'], 1, 1];
  const payload = (over: object) => ({ payload: incoming.payload(member, over) });
  const firstKey = (over: object) => {
    const [first, ...others] = incoming.payload(member).keys;
    return payload({ keys: [{ ...first, ...over }, ...others] });
  };
  const sealedTo = (other: Partial<PlayedMember>) => payload({ keys: incoming.payload({ ...member, ...other }).keys });

  test.each<[string, string, () => Over]>([
    ['another epoch than its secrets', 'channel_other_names', () => payload({ epoch: 3 })],
    ['secrets for another member', 'channel_other_names', () => sealedTo({ nodeId: randomUUID() })],
    ['secrets to another key', 'channel_other_recipient', () => sealedTo({ sealing: playedMember('', '').sealing })],
    ['another member', 'channel_other_names', () => payload({ node_id: randomUUID() })],
    ['the other side', 'channel_malformed', () => payload({ side: 'backend' })],
    ['a third side', 'channel_malformed', () => payload({ side: 'eve' })],
    ['a ring of another channel', 'channel_other_names', () => payload({ scope: 'channel:x:backend-to-plugin' })],
    ['a third ring', 'channel_other_names', () => payload({ scope: `channel:${SLUG}:eve-to-plugin` })],
    [
      'another check value',
      'channel_other_check_value',
      () => firstKey({ check_value: checkValue(Buffer.alloc(32), incoming.scope, 'key-2') }),
    ],
    ['a secret that is none', 'channel_malformed', () => firstKey({ secret: 'e30.e30' })],
    ['a key that signs', 'channel_malformed', () => firstKey({ use: 'sign' })],
    ['a key twice', 'channel_malformed', () => firstKey({ key_id: 'key-1' })],
    ['two that sign', 'channel_malformed', () => firstKey({ active: true })],
    ['a text that is none', 'channel_malformed', () => ({ payload: '[]' })],
    ["an event id that is no one Node's", 'channel_other_names', () => ({ eventId: randomUUID() })],
  ])('%s: the platform has said it, so it is acknowledged, and the stream goes on', async (_, reason, over) => {
    await told(incoming, over());
    expect(node.refused.map((each) => each.reason)).toEqual([reason]);
    expect(node.session.counts.refused).toEqual({ [reason]: 1 });
    expect([held(), node.acks.at(-1)?.position]).toEqual([asBefore, 2]);
    await node.event(3);
    await told(incoming);
    expect([node.handledIds, epochOf(incoming)]).toEqual([['event-3'], 2]);
  });

  test.each<[string, () => Over]>([
    ['by nobody', () => ({ by: testKey('mallory') })],
    ['too old', () => ({ issuedAt: new Date(Date.now() - 600_000) })],
  ])('%s: it is not acknowledged, and asked for again', async (_, over) => {
    const hellos = node.hellos.length;
    await told(incoming, over());
    expect([held(), node.session.state.position]).toEqual([asBefore, 1]);
    expect(node.hellos.length).toBe(hellos + 1);
  });

  test("another Node's is none of ours", async () => {
    await told(incoming, { eventId: `${randomUUID()}/${randomUUID()}` });
    expect([held(), node.session.state.position]).toEqual([asBefore, 1]);
  });

  test('by the outgoing key of the platform: whoever has stolen that gives nobody a secret', async () => {
    const leaked = mesh.platform.active;
    await mesh.platform.rotate('platform-2', new Date());
    await jest.advanceTimersByTimeAsync(1_000);
    await node.chain(await mesh.chain(new Date(), { epoch: 1, platformEpoch: 1 }));
    const hellos = node.hellos.length;
    await told(incoming, { by: leaked });
    expect([held(), node.session.state.position]).toEqual([asBefore, 1]);
    expect(node.refused.at(-1)?.reason).toBe('unknown_key');
    expect(node.hellos.length).toBe(hellos + 1);
    await node.ready();
    await told(incoming);
    expect(epochOf(incoming)).toBe(2);
  });

  test('of a ring that is held it stands in the next report, by its reason', async () => {
    await told(incoming, firstKey({ check_value: '' }));
    node.member!.report();
    await settled();
    expect(lastReport()![0]).toMatchObject({ epoch: 1, refusals: { channel_other_check_value: 1 } });
  });
});

test('a member that holds nothing says so with each sign of life, and no more once it holds a ring', async () => {
  node.member!.report();
  await settled();
  expect(node.reports).toEqual([[]]);
  // Sealed to what it has lost: acknowledged, and not held.
  await told(incoming, { payload: incoming.payload(playedMember(mesh.nodeId, 'plugin')) });
  expect(node.refused.map(({ reason }) => reason)).toEqual(['channel_other_recipient']);
  node.member!.report();
  await settled();
  expect(node.reports).toEqual([[], []]);
  await told(incoming);
  expect(lastReport()).toMatchObject([{ scope: incoming.scope, epoch: incoming.epoch }]);
  expect(keysOf(incoming)).toEqual(['key-1']);
});

test('a Node that is no member acknowledges what it is told all the same, and keeps nothing', async () => {
  const other = await SessionHarness.create(mesh);
  await other.connectAndAnswer();
  await other.send({ kind: 'event', text: incoming.event(mesh, member, new Date()), position: 1 });
  await settled();
  expect([other.acks.at(-1)?.position, other.onDisk.rings, other.handled]).toEqual([1, [], []]);
  other.session.stop();
});
