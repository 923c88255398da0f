/** S5: a thief with a relay's credential writes every header, and has what he likes signed while he is there. */
import { envelopeBy, testKey, type EventFields, type TestKey } from '@plexsphere/testkit';
import type { StreamReady } from '@plexsphere/wire';
import { SessionHarness } from '../../testing/session-harness';
import { TestMesh } from '../../testing/test-mesh';

jest.setTimeout(120_000); // many signatures, on a machine that may be busy

const START = new Date('2026-03-01T12:00:00Z');
const FAR = 10 ** 15;
const OTHER_NODE = '9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11';

let mesh: TestMesh;
let node: SessionHarness;

beforeEach(async () => {
  jest.useFakeTimers({ now: START });
  mesh = await TestMesh.create(START);
  node = await SessionHarness.create(mesh);
  await node.connectAndAnswer();
  for (const position of [1, 2, 3]) await node.event(position);
  await node.flushed();
});

afterEach(() => {
  node.session.stop();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const restart = async (): Promise<void> => {
  await node.flushed();
  node.crash();
  node.session.connected();
};
const ready = (members: Partial<StreamReady>, fields: EventFields & { by?: TestKey } = {}, hello = node.lastHello) =>
  node.send({ kind: 'event', text: mesh.ready(new Date(), hello.hello_id, members, fields) });

describe('S5: the position header is compared and never kept', () => {
  test.each([FAR, 5, Number.MAX_SAFE_INTEGER])('%d on a true event is a hole, and is asked about', async (position) => {
    await node.send({ kind: 'event', text: node.envelope(4), position });
    await node.flushed();
    expect(node.handledIds).toHaveLength(3);
    expect(node.onDisk.position).toBe(3);
    expect(node.lastHello.position).toBe(3);
    await ready({ resumes_after: 3, last_position: 4 });
    await node.event(4);
    expect(node.handledIds).toEqual(['event-1', 'event-2', 'event-3', 'event-4']);
  });

  test.each(['a forged event', 'what was applied before'])(
    '%s under the next position does not count',
    async (what) => {
      const forged = { by: testKey('key-1'), eventId: what === 'a forged event' ? 'event-4' : 'event-1' };
      await node.event(4, forged);
      await node.flushed();
      expect(node.onDisk.position).toBe(3);
      expect(node.session.counts.refused).toEqual({ signature_invalid: 1 });
    },
  );

  test('two that are not settled may be swapped: each is applied once, and counted once', async () => {
    await node.send({ kind: 'event', text: node.envelope(5), position: 4 });
    await node.send({ kind: 'event', text: node.envelope(4), position: 5 });
    await node.flushed();
    expect(node.handledIds.slice(3)).toEqual(['event-5', 'event-4']);
    expect(node.onDisk.position).toBe(5);
  });
});

describe('S5: stream_ready counts only as it was signed, for this Node and its latest hello', () => {
  const far = { resumes_after: FAR, last_position: FAR };

  test.each<[string, string, () => Promise<void>]>([
    ['by a stranger', 'signature_invalid', () => ready(far, { by: testKey('key-1') })],
    ["by the platform's key", 'signature_invalid', () => ready(far, { by: mesh.platform.active })],
    ['of five minutes ago', 'stale', () => ready(far, { issuedAt: new Date(START.getTime() - 300_001) })],
    ['whose payload names another Node', 'other_recipient', () => ready({ ...far, node_id: OTHER_NODE })],
    ['whose id names another Node', 'other_recipient', () => ready(far, { eventId: `${OTHER_NODE}/${OTHER_NODE}` })],
    ['whose id names no Node', 'other_recipient', () => ready(far, { eventId: OTHER_NODE })],
    ['with half a position', 'malformed', () => ready({ ...far, resumes_after: 0.5 })],
    ['without a position', 'malformed', () => ready({}, { payload: { node_id: mesh.nodeId } })],
    ['that is no object', 'malformed', () => ready({}, { payload: '7' })],
  ])('one %s is refused: %s', async (_, reason, send) => {
    node.session.connected();
    await send();
    await node.flushed();
    expect(node.session.counts.refused).toEqual({ [reason]: 1 });
    expect(node.onDisk.position).toBe(3);
    await node.event(4);
    expect(node.handledIds).toHaveLength(3);
  });

  test('one for an earlier hello changes nothing, nor one without a word of this kind', async () => {
    const [first] = node.hellos;
    node.session.connected();
    await ready(far, {}, first!);
    await node.send({ kind: 'ready', text: JSON.stringify(far), position: FAR });
    await node.event(4);
    expect(node.session.state.position).toBe(3);
    expect(node.handledIds).toHaveLength(3);
  });

  test('a captured one, shown again, does not count twice', async () => {
    const text = mesh.ready(new Date(), node.lastHello.hello_id, { resumes_after: 3, last_position: 9 });
    await node.send({ kind: 'event', text });
    await node.event(4);
    await node.send({ kind: 'event', text });
    expect(node.session.counts.refused).toEqual({ nonce_reused: 1 });
    expect(node.session.state.position).toBe(4);
  });

  test('a leaked outgoing key signs none, before the close and after', async () => {
    const leaked = mesh.ring.active;
    await mesh.ring.rotate('key-2', new Date());
    await node.keyEvent(mesh.ring.rotatedEvent(new Date()));
    await ready(far, { by: leaked });
    expect(node.session.counts.refused).toEqual({ unknown_key: 1 });
    mesh.ring.close();
    await pass(1);
    await node.chain(await mesh.chain(new Date(), { epoch: 2, platformEpoch: 1 }));
    await ready(far, { by: leaked });
    expect(node.session.state.position).toBe(3);
  });
});

describe('where the stream goes on', () => {
  test.each<[string, Partial<StreamReady>, number]>([
    ['behind where it resumes, it counts what lies between as settled', { resumes_after: 7, last_position: 9 }, 7],
    ['between there and the last event, it stays where it is', { resumes_after: 1, last_position: 9 }, 3],
    ['at the last event, it stays', { resumes_after: 1, last_position: 3 }, 3],
    ['beyond the last event, it steps back', { resumes_after: 1, last_position: 2 }, 1],
  ])('a Node %s', async (_, standing, expected) => {
    node.session.connected();
    await ready(standing);
    await node.flushed();
    expect(node.onDisk.position).toBe(expected);
  });
});

describe('S5: a position that was signed for a thief', () => {
  beforeEach(async () => {
    node.session.connected();
    await ready({ resumes_after: FAR, last_position: FAR });
    await node.flushed();
    expect(node.onDisk.position).toBe(FAR);
  });

  /** As a relay answers an acknowledgement beyond what it ever gave: for the latest hello, answered or not. */
  const putRight = () => ready({ resumes_after: 1, last_position: 5 });

  test.each(['at once', 'after a restart', 'with a restart after it'])(
    'heals by a true answer %s, and nothing is applied twice',
    async (when) => {
      if (when === 'after a restart') await restart();
      expect(node.acks.at(-1)?.position).toBe(FAR);
      await putRight();
      await node.flushed();
      expect(node.onDisk.position).toBe(1);
      if (when === 'with a restart after it') {
        await restart();
        await putRight();
      }
      for (const position of [2, 3, 4, 5]) await node.event(position);
      expect(node.handledIds).toEqual(['event-1', 'event-2', 'event-3', 'event-4', 'event-5']);
      await node.flushed();
      expect(node.onDisk.position).toBe(5);
      expect(node.session.counts.duplicates).toBe(2);
    },
  );

  test('is said every minute, so a relay that was away hears of it', async () => {
    node.acks.length = 0;
    node.session.acknowledge();
    await node.flushed();
    expect(node.acks).toMatchObject([{ epoch: 1, platform_epoch: 1, position: FAR }]);
  });

  test('ids are kept as long as their envelopes could be fresh, by time and not by number', async () => {
    await putRight();
    for (let position = 2; position <= 1_200; position += 1) await node.event(position);
    node.session.connected();
    await ready({ resumes_after: 0, last_position: 100 });
    for (let position = 1; position <= 1_200; position += 1) await node.event(position);
    expect(new Set(node.handledIds).size).toBe(node.handledIds.length);
    expect(node.handledIds).toHaveLength(1_200);
    await pass(10 * 60_000);
    await node.event(1_201);
    expect(node.session.state.applied.has('event-1')).toBe(false);
  });
});

test('S5: an event id that was used up by a thief does not keep an announcement out', async () => {
  await mesh.ring.rotate('key-2', new Date());
  const eventId = 'the announcement';
  await node.event(4, { eventId, by: mesh.ring.retiring! });
  await node.keyEvent(mesh.ring.rotatedEvent(new Date(), { eventId }));
  expect(node.session.state.ring.activeKeyId).toBe('key-2');
});

test('what is longer than any envelope is not parsed', async () => {
  const text = envelopeBy(mesh.ring.active, mesh.ring.scope, new Date(), { payload: { a: 'x'.repeat(70_000) } });
  await node.send({ kind: 'event', text, position: 4 });
  expect(node.session.counts.refused).toEqual({ malformed: 1 });
});
