import { envelopeBy, testKey } from '@plexsphere/testkit';
import { SessionHarness } from '../../testing/session-harness';
import { TestMesh } from '../../testing/test-mesh';

const START = new Date('2026-03-01T12:00:00Z');

let mesh: TestMesh;
let node: SessionHarness;

beforeEach(async () => {
  jest.useFakeTimers({ now: START });
  mesh = await TestMesh.create(START);
  node = await SessionHarness.create(mesh);
});

afterEach(() => {
  node.session.stop();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const applyingPaused = async (): Promise<boolean> => {
  const before = node.handled.length;
  await node.event(node.session.state.position + 1);
  return node.handled.length === before;
};

describe('hello', () => {
  test('on connecting, with what the Node has; before the answer nothing is applied', async () => {
    node.session.connected();
    expect(node.hellos).toMatchObject([{ epoch: 1, platform_epoch: 1, position: 0 }]);
    await node.event(1);
    expect(node.handled).toEqual([]);
    await node.ready();
    await node.event(1);
    expect(node.handledIds).toEqual(['event-1']);
    await expect(node.session.ready).resolves.toBeUndefined();
  });

  test("the answer to somebody else's hello opens nothing", async () => {
    node.session.connected();
    await node.ready('another hello');
    expect(await applyingPaused()).toBe(true);
  });

  test('is repeated with back-off until it is answered, under the same id', async () => {
    node.session.connected();
    const saidAfterMs: number[] = [];
    for (let second = 0; second < 100; second += 1) {
      const before = node.hellos.length;
      await pass(1_000);
      if (node.hellos.length > before) saidAfterMs.push((second + 1) * 1_000);
    }
    expect(saidAfterMs).toEqual([1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000]);
    expect(new Set(node.hellos.map(({ hello_id }) => hello_id)).size).toBe(1);
    await node.ready();
    await pass(120_000);
    expect(node.hellos).toHaveLength(8);
  });

  test('is not repeated while an event is with the application', async () => {
    await node.connectAndAnswer();
    let finish: () => void = () => undefined;
    node.handler = () => new Promise((resolve) => (finish = resolve));
    const event = node.event(1);
    node.session.disconnected();
    node.session.connected();
    await pass(100_000);
    expect(node.hellos).toHaveLength(2);
    finish();
    await event;
    await pass(30_000);
    expect(node.hellos.length).toBeGreaterThan(2);
    expect(node.lastHello.position).toBe(1);
  });

  test('on reconnecting, at once', async () => {
    await node.connectAndAnswer();
    node.session.disconnected();
    await pass(60_000);
    expect(node.hellos).toHaveLength(1);
    node.session.connected();
    expect(node.hellos).toHaveLength(2);
    expect(await applyingPaused()).toBe(true);
  });
});

describe('a hole', () => {
  beforeEach(() => node.connectAndAnswer());

  test('in the sequences is asked about, and filled', async () => {
    await node.event(1);
    node.lose();
    await node.event(3);
    expect(node.handledIds).toEqual(['event-1']);
    expect(node.lastHello.position).toBe(1);
    await node.ready();
    await node.event(2);
    await node.event(3);
    expect(node.handledIds).toEqual(['event-1', 'event-2', 'event-3']);
  });

  test('before a key event: the keys are taken all the same', async () => {
    await mesh.ring.rotate('key-2', START);
    node.lose();
    await node.keyEvent(mesh.ring.rotatedEvent(START));
    expect(node.session.state.ring.epoch).toBe(2);
    expect(node.hellos).toHaveLength(2);
  });

  test('before the answer to a hello makes that answer worthless', async () => {
    node.session.connected();
    await node.event(1);
    node.lose();
    const answered = node.lastHello.hello_id;
    await node.ready(answered);
    expect(await applyingPaused()).toBe(true);
    await pass(1_000);
    expect(node.lastHello.hello_id).not.toBe(answered);
    await node.ready();
    expect(await applyingPaused()).toBe(false);
  });

  test('is none where each message comes twice', async () => {
    const event = (position: number) => ({ kind: 'event', text: node.envelope(position), position });
    const first = { ...event(1), sequence: 7, lastSequence: 1 };
    const second = { ...event(2), sequence: 9, lastSequence: 7 };
    for (const message of [first, first, second, second]) await node.session.take(message);
    expect(node.handledIds).toEqual(['event-1', 'event-2']);
    expect(node.hellos).toHaveLength(1);
  });

  test('in the positions, with the sequences whole', async () => {
    await node.event(1);
    await node.event(3);
    expect(node.handledIds).toEqual(['event-1']);
    await node.ready();
    await node.event(2);
    await node.event(3);
    expect(node.handledIds).toEqual(['event-1', 'event-2', 'event-3']);
  });

  test('that is settled is none: the answer says where the stream goes on', async () => {
    await node.event(4);
    expect(node.handled).toEqual([]);
    await node.ready(node.lastHello.hello_id, { resumes_after: 3, last_position: 4 });
    await node.event(4);
    expect(node.handledIds).toEqual(['event-4']);
    expect(node.hellos).toHaveLength(2);
  });

  test('that a resync stands for is none, and no event for the application', async () => {
    node.session.connected();
    await node.ready(node.lastHello.hello_id, { resumes_after: 6, last_position: 7 });
    await node.event(7, { eventType: 'resync' });
    await node.event(8);
    expect(node.handledIds).toEqual(['event-8']);
    expect(node.resyncs).toMatchObject([{ position: 7 }]);
    expect(node.hellos).toHaveLength(2);
  });

  test('is what a bus that lost its disk shows', async () => {
    await node.event(1);
    node.loseStream();
    await node.event(2);
    expect(node.hellos).toHaveLength(2);
    expect(node.handledIds).toEqual(['event-1']);
  });
});

describe('order', () => {
  beforeEach(() => node.connectAndAnswer());

  test('events out of order end in order, each once', async () => {
    for (const position of [2, 1]) await node.event(position);
    await node.ready();
    for (const position of [1, 2, 1, 2, 3]) await node.event(position);
    expect(node.handledIds).toEqual(['event-1', 'event-2', 'event-3']);
    expect(node.session.counts).toMatchObject({ applied: 3, duplicates: 2, refused: {} });
  });

  test('a duplicate by id or by position is acknowledged and not handed over', async () => {
    await node.event(1);
    await node.flushed();
    const acks = node.acks.length;
    await node.event(1, { nonce: 'another' });
    await node.event(1, { eventId: 'renamed' });
    await node.flushed();
    expect(node.handledIds).toEqual(['event-1']);
    expect(node.acks.length).toBeGreaterThan(acks);
    expect(node.acks.at(-1)).toMatchObject({ epoch: 1, platform_epoch: 1, position: 1 });
  });

  test('a handler that fails is called again, and nothing later comes before', async () => {
    let failures = 3;
    node.handler = async () => {
      failures -= 1;
      if (failures >= 0) throw new Error('not yet');
    };
    const both = node.event(1).then(() => node.event(2));
    await pass(60_000);
    await both;
    expect(node.handledIds).toEqual(['event-1', 'event-2']);
    expect(node.session.counts).toMatchObject({ applied: 2, handlerFailures: 3 });
  });
});

describe('refused', () => {
  beforeEach(() => node.connectAndAnswer());

  test('a stale envelope: the Node asks, and takes it signed afresh', async () => {
    const issuedAt = new Date(START.getTime() - 5 * 60_000 - 1);
    await node.event(1, { issuedAt });
    expect(node.refused).toMatchObject([{ reason: 'stale', eventId: 'event-1' }]);
    expect(node.hellos).toHaveLength(2);
    await node.ready();
    await node.event(1);
    expect(node.handledIds).toEqual(['event-1']);
  });

  test("what is another Node's, forged, or no envelope at all is counted and changes nothing", async () => {
    const eventId = '9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11/2a6d1b6e-8b0f-4f0e-9d53-0d7c0a3f7d10';
    await node.event(1, { eventId });
    await node.send({ kind: 'event', text: '{', position: 1 });
    await node.send({ kind: 'event', text: node.envelope(1) });
    await node.event(1, { by: testKey('key-1') });
    expect(node.session.counts.refused).toEqual({ other_recipient: 1, malformed: 2, signature_invalid: 1 });
    expect(node.session.state.position).toBe(0);
    expect(node.handled).toEqual([]);
  });

  test('a forged key event that is sent over and over does not make the Node shout', async () => {
    for (let second = 0; second < 30; second += 1) {
      const payload = { epoch: 2 };
      await node.keyEvent(
        envelopeBy(testKey('key-1'), mesh.ring.scope, new Date(), { eventType: 'signing_key_rotated', payload }),
      );
      await pass(1_000);
      await node.ready();
    }
    expect(node.hellos.length).toBeLessThan(9);
  });

  test('a key event of a type that this SDK does not know is nothing for the application', async () => {
    await node.event(1, { eventType: 'signing_key_polished' });
    await node.event(2);
    expect(node.handledIds).toEqual(['event-2']);
  });
});

describe('keys', () => {
  beforeEach(() => node.connectAndAnswer());

  test('announced, used, closed: as a Node hears it that is always there', async () => {
    await node.event(1);
    await mesh.ring.rotate('key-2', START, 60_000);
    await node.keyEvent(mesh.ring.rotatedEvent(START));
    await node.event(2);
    mesh.ring.close();
    await node.chain(await mesh.chain(START, { epoch: 2, platformEpoch: 1 }));
    await node.event(3);
    await node.flushed();
    expect(node.handled.map(({ keyId, epoch }) => [keyId, epoch])).toEqual([
      ['key-1', 1],
      ['key-2', 2],
      ['key-2', 3],
    ]);
    expect(node.trusts.map(({ keyIds }) => keyIds)).toEqual([['key-1'], ['key-2', 'key-1'], ['key-2']]);
    expect(node.acks.at(-1)).toMatchObject({ epoch: 3, platform_epoch: 1, position: 3 });
    expect(node.session.counts).toMatchObject({ keyChanges: 2, refused: {}, hellos: 1 });
  });

  test('the old one runs out by the clock, without a word', async () => {
    await mesh.ring.rotate('key-2', START, 60_000);
    await node.keyEvent(mesh.ring.rotatedEvent(START));
    await pass(59_999);
    expect(node.trusts.at(-1)?.keyIds).toEqual(['key-2', 'key-1']);
    await pass(1);
    expect(node.trusts.at(-1)?.keyIds).toEqual(['key-2']);
  });

  test('a Node that slept takes the chain before the answer, and goes on', async () => {
    node.session.disconnected();
    for (const keyId of ['key-2', 'key-3', 'key-4']) await mesh.ring.rotate(keyId, START);
    node.session.connected();
    await node.chain(await mesh.chain(START, { epoch: node.lastHello.epoch, platformEpoch: 1 }));
    await node.ready();
    await node.event(1);
    expect(node.handled).toMatchObject([{ keyId: 'key-4' }]);
  });

  test('a chain of which the platform’s part alone fits is taken so far, and the Node asks, by its heads', async () => {
    await mesh.platform.rotate('platform-2', START);
    await mesh.ring.rotate('key-2', START);
    const held = node.session.state.ring;
    await node.chain(await mesh.chain(START, { epoch: 1, platformEpoch: 1 }, { statements: [] }));
    expect(node.session.state.ring).toBe(held);
    expect(node.session.state.platform.activeKeyId).toBe('platform-2');
    expect(node.refused).toEqual([{ reason: 'bundle_foreign' }]);
    await pass(1_000);
    expect(node.hellos.length).toBeGreaterThan(1);
    const heads = { ring: held.statementHash, platform: mesh.platform.statementHash };
    expect(node.lastHello).toMatchObject({ epoch: 1, platform_epoch: 2, heads });
    await node.flushed();
    expect(node.acks.at(-1)).toMatchObject({ heads });
  });

  test('a chain that is refused leaves the Node asking', async () => {
    await mesh.ring.rotate('key-2', START);
    await node.chain(await mesh.chain(START, { epoch: 1, platformEpoch: 1 }, { statements: [] }));
    expect(node.refused).toEqual([{ reason: 'bundle_foreign' }]);
    await pass(1_000);
    expect(node.hellos.length).toBeGreaterThan(1);
  });

  test('a captured announcement, replayed when its key is history, sets nothing back', async () => {
    await mesh.ring.rotate('key-2', START);
    const captured = mesh.ring.rotatedEvent(START);
    await node.keyEvent(captured);
    await mesh.ring.rotate('key-3', START);
    await node.keyEvent(mesh.ring.rotatedEvent(START));
    const { ring } = node.session.state;
    await node.keyEvent(captured);
    await node.keyEvent(captured.replaceAll('key-2', 'key-3'));
    expect(node.session.state.ring).toBe(ring);
  });
});

describe('keys, before the hello is answered', () => {
  /** What goes on the stream of a Node that was told of a rotation while it was away. */
  const closed = async (): Promise<string> => {
    await mesh.ring.rotate('key-2', START, 60_000);
    mesh.ring.close();
    return mesh.chain(START, { epoch: 2, platformEpoch: 1 });
  };
  const forged = (): string =>
    envelopeBy(testKey('key-1'), mesh.ring.scope, START, { eventType: 'signing_key_rotated', payload: { epoch: 2 } });

  beforeEach(() => node.session.connected());

  test('what was written for more than the Node holds is passed over: the answer brings what fits', async () => {
    await node.chain(await closed());
    await mesh.ring.rotate('key-3', START);
    await node.keyEvent(mesh.ring.rotatedEvent(START));
    expect(node.hellos).toHaveLength(1);
    await node.chain(await mesh.chain(START, { epoch: 1, platformEpoch: 1 }));
    await node.ready();
    await node.event(1);
    expect(node.handled).toMatchObject([{ keyId: 'key-3' }]);
    expect(node.session.counts).toMatchObject({ refused: {}, hellos: 1 });
  });

  test('the same behind a hole', async () => {
    await node.ready();
    node.lose();
    await node.chain(await closed());
    expect(node.hellos).toHaveLength(2);
    await node.chain(await mesh.chain(START, { epoch: 1, platformEpoch: 1 }));
    await node.ready();
    await node.event(1);
    expect(node.handledIds).toEqual(['event-1']);
    expect(node.session.counts).toMatchObject({ refused: {}, hellos: 2 });
  });

  test('what no answer puts right was refused, and the Node asks anew before it applies anything', async () => {
    await node.keyEvent(forged());
    expect(node.refused).toEqual([]);
    await node.ready();
    expect(node.refused).toMatchObject([{ reason: 'signature_invalid' }]);
    expect(node.hellos).toHaveLength(2);
    expect(await applyingPaused()).toBe(true);
    await node.ready();
    await node.event(1);
    expect(node.handledIds).toEqual(['event-1']);
    expect(node.refused).toHaveLength(1);
  });

  test('what another connection’s hello left open is nothing to this one', async () => {
    await node.keyEvent(forged());
    node.session.disconnected();
    await node.connectAndAnswer();
    expect(node.refused).toEqual([]);
    expect(await applyingPaused()).toBe(false);
  });
});

describe('the disk', () => {
  beforeEach(() => node.connectAndAnswer());

  test('nothing is acknowledged before it is saved, and one write is for all that came meanwhile', async () => {
    let written: () => void = () => undefined;
    node.beforeSave = () => new Promise((resolve) => (written = resolve));
    for (const position of [1, 2, 3, 4]) await node.event(position);
    expect(node.acks).toEqual([]);
    written();
    await node.flushed();
    expect(node.acks.map(({ position }) => position)).toEqual([1]);
    written();
    await node.flushed();
    expect(node.acks.map(({ position }) => position)).toEqual([1, 4]);
    expect(node.saves).toBe(2);
  });

  test('a disk that refuses is tried again, and nothing is acknowledged before', async () => {
    let full = true;
    node.beforeSave = async () => {
      if (full) throw new Error('ENOSPC');
    };
    await node.event(1);
    await pass(5_000);
    expect(node.acks).toEqual([]);
    full = false;
    await pass(30_000);
    expect(node.acks.at(-1)?.position).toBe(1);
  });

  test('a crash between handler and disk: the handler runs again, the state counts once', async () => {
    node.beforeSave = () => new Promise(() => undefined);
    await node.event(1);
    expect(node.handledIds).toEqual(['event-1']);
    node.crash();
    node.beforeSave = async () => undefined;
    await node.connectAndAnswer();
    expect(node.lastHello.position).toBe(0);
    await node.event(1);
    await node.event(2);
    await node.flushed();
    expect(node.handledIds).toEqual(['event-1', 'event-1', 'event-2']);
    expect(node.onDisk).toMatchObject({ position: 2 });
    expect(['event-1', 'event-2'].every((eventId) => node.onDisk.applied.has(eventId))).toBe(true);
  });

  test('a crash after the disk and before the acknowledgement: the handler does not run again', async () => {
    await node.event(1);
    await node.flushed();
    node.crash();
    node.acks.length = 0;
    await node.connectAndAnswer();
    await node.event(1);
    await node.flushed();
    expect(node.handledIds).toEqual(['event-1']);
    expect(node.acks.at(-1)?.position).toBe(1);
  });

  test('stopping: no failed event is tried again, what was finished is saved', async () => {
    await node.event(1);
    node.handler = async () => {
      throw new Error('never');
    };
    const second = node.event(2);
    await node.flushed();
    node.session.stop();
    await second;
    await node.session.end();
    expect(node.onDisk.position).toBe(1);
    expect(node.acks.at(-1)?.position).toBe(1);
  });
});
