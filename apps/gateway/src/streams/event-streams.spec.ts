import { randomUUID } from 'node:crypto';
import { headers as names, subjects, type StreamWord } from '@plexsphere/wire';
import { eventually } from '@plexsphere/testkit';
import { headers as natsHeaders } from 'nats';
import { DOMAIN, GatewayWorld, type TestNode } from '../../testing/gateway-world';
import { ReadStream } from '../../testing/read-stream';

let world: GatewayWorld;
let node: TestNode;
let startedAtMs: number;
const words: { nodeId: string; word: StreamWord }[] = [];
const streams: ReadStream[] = [];

beforeAll(async () => {
  world = await GatewayWorld.make();
  startedAtMs = Date.now();
  world.others.subscribe(subjects.httpWord('*'), {
    callback: (_, message) => words.push({ nodeId: message.subject.split('.')[1]!, word: message.json<StreamWord>() }),
  });
}, 60_000);
afterAll(() => world.end());

beforeEach(async () => {
  node = await world.addNode(DOMAIN);
});
afterEach(() => streams.splice(0).forEach((stream) => stream.close()));

async function open(lastId?: string): Promise<ReadStream> {
  const stream = await ReadStream.open(world.url, node, lastId === undefined ? {} : { 'last-event-id': lastId });
  streams.push(stream);
  return stream;
}

const wordsOf = () => words.filter(({ nodeId }) => nodeId === node.id).map(({ word }) => word);
const theWord = (index = 0): Promise<StreamWord> =>
  eventually(() => wordsOf()[index], { describe: `word ${index} about the Node` });

const record = (columns: Record<string, unknown>): Promise<unknown> => {
  const names_ = Object.keys(columns);
  const set = names_.map((name, index) => `${name} = $${index + 2}`).join(', ');
  return world.query(`UPDATE outbox.node_stream SET ${set} WHERE node_id = $1`, [node.id, ...Object.values(columns)]);
};

let sequence = 0;
/** As the stream republishes what a relay has put on it. */
function publish(more: Record<string, string>, body = '{"event_type":"e"}'): void {
  const headers = natsHeaders();
  const all = {
    ...{ [names.kind]: 'event', [names.eventType]: 'peer_added', [names.issuedAt]: new Date().toISOString() },
    ...{ [names.lastSequence]: `${sequence}`, [names.sequence]: `${(sequence += 1)}` },
    ...more,
  };
  for (const [name, value] of Object.entries(all)) headers.set(name, value);
  world.others.publish(subjects.httpEvents(node.id), body, { headers });
}

const ready = (helloId: string, position: number, epoch = 1) =>
  publish({ [names.trustEpoch]: `${epoch}`, [names.position]: `${position}`, [names.helloId]: helloId });
const ordinary = (position: number, epoch = 1) =>
  publish({ [names.trustEpoch]: `${epoch}`, [names.position]: `${position}` }, `{"at":${position}}`);

/** What a Node has whose stream was answered: an id, and all of it settled. */
const comeIn = (position = 5) =>
  record({
    ...{ settled_position: position, last_position: position, told_since: '{1}', ready_epoch: 1 },
    ...{ ready_position: position, waits_since: null, last_sequence: sequence },
  });

describe('a process that is new', () => {
  test('waits, takes a state, and is live when its drift has come', async () => {
    await record({ waits_since: new Date() });
    const stream = await open();
    await expect(
      world.as(node, `/v1/nodes/${node.id}/heartbeat`, { method: 'POST' }).then((r) => r.json()),
    ).resolves.toEqual({
      reconcile: true,
      rotate_keys: false,
    });
    const state = await world.as(node, `/v1/nodes/${node.id}/state`).then((r) => r.json() as Promise<object>);
    expect(state).toHaveProperty('signing_keys.current');
    expect(wordsOf()).toEqual([]);
    await world.as(node, `/v1/nodes/${node.id}/drift`, { method: 'POST' });
    const word = await theWord();
    expect(word).toMatchObject({ epoch: 1, is_proven: true, position: null, waits: false });
    ordinary(1);
    ready(word.hello_id!, 2);
    ordinary(3);
    await eventually(() => stream.events.length === 2, { describe: 'the ready and what follows it' });
    expect(stream.events.map(({ id }) => id)).toEqual(['2', '3']);
  });

  test('is given its keys in two forms by turns, since a state that is as the one before sets none', async () => {
    await record({ waits_since: new Date() });
    await open();
    const forms: unknown[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const state = await world
        .as(node, `/v1/nodes/${node.id}/state`)
        .then((r) => r.json() as Promise<Record<string, never>>);
      forms.push(Object.keys(state['signing_keys'] ?? {}));
    }
    expect(forms).toEqual([['current'], ['current', 'previous', 'transition_expires'], ['current']]);
  });

  test('is told to wait where the record does not say so', async () => {
    await open();
    await expect(theWord()).resolves.toMatchObject({ hello_id: null, waits: true });
  });
});

describe('a process that has an id', () => {
  test('costs no word where nothing is new, and hears what comes', async () => {
    await comeIn();
    const stream = await open('5');
    ordinary(6);
    await eventually(() => stream.events.length === 1, { describe: 'the event' });
    expect(stream.events[0]).toMatchObject({ id: '6', event: 'peer_added', data: '{"at":6}' });
    expect(wordsOf()).toEqual([]);
  });

  test('gets key events that lead on from what it holds, without an id, and nothing else of keys', async () => {
    await comeIn();
    const stream = await open('5');
    await eventually(() => Date.now() - startedAtMs > 30_000, {
      timeoutMs: 60_000,
      describe: 'no state under way that nobody heard of',
    });
    // It asks once a minute: what it is given over and over again would hold nothing back.
    const state = `/v1/nodes/${node.id}/state`;
    await world.as(node, state);
    await world.as(node, `/v1/nodes/${node.id}/drift`, { method: 'POST' });
    await world.as(node, state);
    publish({ [names.trustEpoch]: '2', [names.from]: '1', [names.eventType]: 'signing_key_rotated' }, '{"k":2}');
    ready('', 6, 2);
    await eventually(() => stream.events.length === 2, { describe: 'the news and the ready', timeoutMs: 20_000 });
    expect(stream.events.map(({ id, event }) => [id, event])).toEqual([
      [undefined, 'signing_key_rotated'],
      ['6', 'peer_added'],
    ]);
    publish({ [names.trustEpoch]: '3', [names.from]: '1', [names.eventType]: 'signing_key_rotated' }, '{"k":3}');
    await expect(theWord()).resolves.toMatchObject({ epoch: 2, is_proven: false, waits: false });
    expect(stream.events).toHaveLength(2);
  }, 90_000);

  test('says again what it holds after a hole', async () => {
    await comeIn();
    const stream = await open('5');
    sequence += 1;
    ordinary(7);
    await expect(theWord()).resolves.toMatchObject({ epoch: 1, is_proven: false, position: null });
    expect(stream.events).toEqual([]);
  });

  test('proves with it what it has taken', async () => {
    await comeIn();
    await record({ last_position: 7, ready_position: 7, ready_at: new Date() });
    await open('7');
    await expect(theWord()).resolves.toMatchObject({ epoch: 1, is_proven: true, position: 7 });
  });

  test.each([
    ['fresh, too: it has taken both', 100, { is_proven: true, position: 7 }],
    [
      'older: it may have refused that for its age, and moved its id over it',
      200,
      { is_proven: false, position: null },
    ],
  ])('proves something only where all up to it is fresh; below it is one that is %s', async (_, seconds, said) => {
    await comeIn();
    await record({ last_position: 7, ready_position: 7, ready_at: new Date() });
    const eventId = randomUUID();
    await world.query(`INSERT INTO outbox.event (event_id, scope, event_type) VALUES ($1, $2, 'x')`, [eventId, DOMAIN]);
    await world.query(
      `INSERT INTO outbox.message (node_id, scope, event_id, position, state, sent_at, issued_at)
       SELECT id, scope, $2, 6, 'sent', now(), now() - $3 * interval '1 s' FROM ring.node WHERE id = $1`,
      [node.id, eventId, seconds],
    );
    await open('7');
    await expect(theWord()).resolves.toMatchObject({ epoch: 1, ...said });
  });
});

describe('a Node that asks for states, and for no stream', () => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const takesState = async (): Promise<unknown> => {
    const state = await world.as(node, `/v1/nodes/${node.id}/state`).then((r) => r.json() as Promise<object>);
    const response = await world.as(node, `/v1/nodes/${node.id}/drift`, { method: 'POST' });
    expect(response.status).toBe(204);
    return (state as { signing_keys?: object }).signing_keys;
  };
  /** Whatever was said before is here when this is. */
  const nothingIsSaid = async (): Promise<void> => {
    await world.as(node, `/v1/nodes/${node.id}/drift`, { method: 'POST' });
    await world.connection.flush();
    await world.others.flush();
    expect(wordsOf()).toEqual([]);
  };

  test.each([
    ['had none for six minutes', { stream_seen_at: minutesAgo(6.1) }],
    ['never had one', { stream_seen_at: null, waits_since: minutesAgo(6.1) }],
    ['never had one, and was settled so before', { stream_seen_at: null, waits_since: null }],
  ])('and %s, holds what it says it has worked in', async (_, columns) => {
    await record(columns);
    await takesState();
    await expect(theWord()).resolves.toMatchObject({
      ...{ hello_id: null, epoch: 1, is_proven: true, position: null, waits: false },
      read_at: expect.stringMatching(/\.\d{6}Z$/),
    });
  });

  test.each([
    ['had one five minutes ago', () => ({ stream_seen_at: minutesAgo(5) })],
    ['has just registered', () => ({ stream_seen_at: null, waits_since: minutesAgo(1) })],
  ])('and %s, proves nothing by it', async (_, columns) => {
    await record(columns());
    await takesState();
    await nothingIsSaid();
  });

  test('proves nothing by a state that set no keys', async () => {
    await record({ stream_seen_at: minutesAgo(7) });
    await world.as(node, `/v1/nodes/${node.id}/state`);
    const corrections = [{ type: 'peer_added' }];
    await world.as(node, `/v1/nodes/${node.id}/drift`, {
      ...{ method: 'POST', body: JSON.stringify({ corrections }) },
      headers: { 'content-type': 'application/json' },
    });
    await nothingIsSaid();
  });

  test('is given its keys in another form while it lags, so that a drift comes; and once its stream is back, none counts', async () => {
    await record({ stream_seen_at: minutesAgo(7), settled_epoch: 0, told_epoch: 0, waits_since: minutesAgo(7) });
    const forms = [await takesState(), await takesState(), await takesState()];
    expect(forms.map((keys) => Object.keys(keys as object).length)).toEqual([1, 3, 1]);
    await theWord(2);
    const told: unknown[] = [];
    world.others.subscribe(subjects.httpCalled, { callback: (_, message) => told.push(message.json()) });
    await world.others.flush();
    await open();
    // Not with many others once a minute.
    await eventually(() => told.length > 0, { describe: 'that it has a stream' });
    expect(told).toContainEqual({ nodes: [], streams: [node.id] });
  });
});

test.each(['x', '-1', '1.5', '', '1234567890123456789'])('is no id: %j', async (id) => {
  const response = await world.as(node, `/v1/nodes/${node.id}/events`, { headers: { 'last-event-id': id } });
  expect(response.status).toBe(400);
});
