import { at, firstRing, goNode, instant, rotatedRing } from '../../testing/go-node-facts';
import type { GoNode, StreamWord } from './go-node';
import type { GoRing } from './go-ring';
import { withNews, type BegunState } from './node-states';
import type { StreamMessage } from './pass-message';
import {
  beginStream,
  onDrift,
  onGap,
  onMessage,
  onRing,
  onRow,
  onTime,
  type Hearing,
  type StreamLife,
  type Turn,
} from './stream-life';

const PATIENCE_MS = 8_000;
const rowOf = (facts: Partial<GoNode> = {}, ring: GoRing = firstRing()) => ({
  ...{ node: goNode(facts), ring, readAt: instant(0), lastSequence: 7 },
});
const begin = (id: number | null, row = rowOf()): Turn<StreamMessage> =>
  beginStream({ id: 's', patienceMs: PATIENCE_MS }, id === null ? null : { id, issuedAt: at(-1) }, row, at(0));
const hearing = (seconds: number, more: Partial<Hearing> = {}): Hearing => ({
  ...{ states: [], hearsSinceMs: at(-3_600).getTime(), heardUntilMs: at(seconds).getTime(), now: at(seconds) },
  ...more,
});
const deedsOf = ({ deeds }: Turn<StreamMessage>) => deeds.map(({ kind }) => kind);
const wordOf = ({ deeds }: Turn<StreamMessage>): StreamWord | undefined =>
  deeds.flatMap((deed) => (deed.kind === 'say' ? [deed.word] : []))[0];
const event = (sequence: number, position: number, lastSequence = sequence - 1): StreamMessage => ({
  ...{ kind: 'ordinary', epoch: 1, issuedAt: at(0), sequence, lastSequence, position },
});
const NEWS: StreamMessage = { kind: 'key', from: 1, epoch: 2, issuedAt: at(0), sequence: 8, lastSequence: 7 };
const silent = begin(10).stream;
const waiting = begin(null).stream;
const asking = begin(15).stream;

describe('beginning', () => {
  test('silent: it is live at what the Node holds', () => {
    expect(begin(10)).toMatchObject({ stream: { mode: 'live', epoch: 1, awaits: null }, deeds: [] });
  });
  test('with a word that asks: it awaits the answer', () => {
    expect(asking).toMatchObject({ mode: 'live', awaits: 's-1' });
    expect(wordOf(begin(15))).toEqual({
      ...{ helloId: 's-1', epoch: 1, isProven: true, position: 15, waits: false, readAt: instant(0) },
    });
  });
  test('with a word that asks for nothing: it goes on at once', () => {
    const turn = begin(15, rowOf({ lastPosition: 15 }));
    expect(turn.stream).toMatchObject({ mode: 'live', awaits: null });
    expect(wordOf(turn)).toMatchObject({ helloId: null, isProven: true, position: 15, waits: false });
    expect(deedsOf(onMessage(turn.stream, event(8, 16), hearing(1)))).toEqual(['write']);
  });
  test('waiting: it says so where the record does not, and ends soon', () => {
    expect(wordOf(begin(null))).toMatchObject({ helloId: null, waits: true });
    expect(begin(null, rowOf({ waits: true })).deeds).toEqual([]);
    expect(deedsOf(onTime(waiting, hearing(PATIENCE_MS / 1_000)))).toEqual(['end']);
    expect(deedsOf(onTime(silent, hearing(PATIENCE_MS / 1_000)))).toEqual([]);
  });
  test.each([21, 9e17])('an id that nobody gave holds up nothing: %d', (id) => {
    const live = onRow({ ...begin(id).stream, proven: { epoch: 1, position: null } }, rowOf(), at(1));
    expect(live.stream.awaits).toBe('s-1');
    const ready: StreamMessage = {
      ...{ kind: 'ready', helloId: 's-1', epoch: 1, issuedAt: at(0), sequence: 8, lastSequence: 7, position: 12 },
    };
    expect(deedsOf(onMessage(live.stream, ready, hearing(1)))).toEqual(['write']);
  });
});

describe('news of keys', () => {
  const held = onMessage(silent, NEWS, hearing(1));
  const released = (more: Partial<Hearing> = {}) => onTime(held.stream, hearing(2, more));
  const begun = withNews([], { what: 'begun', stateId: 'q' }, at(0).getTime());

  test('wait until everything was heard that was told before', () => {
    expect(deedsOf(held)).toEqual(['catchUp']);
    expect(deedsOf(released({ heardUntilMs: at(0).getTime() }))).toEqual([]);
    expect(deedsOf(released())).toEqual(['write']);
    expect(released().stream).toMatchObject({ epoch: 2, hasTold: true, held: [] });
  });
  test('wait while a state is under way, and what comes behind them with them', () => {
    expect(deedsOf(released({ states: begun }))).toEqual([]);
    const behind = onMessage(held.stream, { ...event(9, 11), epoch: 2 }, hearing(2));
    expect(deedsOf(behind)).toEqual([]);
    expect(deedsOf(onTime(behind.stream, hearing(2)))).toEqual(['write', 'write']);
  });
  test('keep no more waiting than is soon sent again: with a 65th message the stream asks anew', () => {
    let { stream } = held;
    for (let sequence = 9; sequence < 72; sequence++) {
      stream = onMessage(stream, { ...event(sequence, sequence), epoch: 2 }, hearing(2)).stream;
    }
    expect(stream.held).toHaveLength(64);
    const full = onMessage(stream, { ...event(72, 72), epoch: 2 }, hearing(2));
    expect(deedsOf(full)).toEqual(['look']);
    expect(full.stream).toMatchObject({ held: [], awaits: 's-1', sequence: 72, epoch: 1 });
  });
  test('that are older than a state have the row read again', () => {
    const answer = { epoch: 3, form: 'plain', keys: '', readAt: instant(1) } as const;
    const states = withNews(begun, { what: 'answered', stateId: 'q', ...answer }, at(0).getTime());
    expect(deedsOf(released({ states }))).toEqual(['look']);
  });
});

describe('what was missed', () => {
  const gone = onMessage(silent, event(9, 12), hearing(1));

  test('has the row read, then a word said that is to be answered', () => {
    expect(deedsOf(gone)).toEqual(['look']);
    expect(wordOf(onRow(gone.stream, rowOf(), at(1)))).toMatchObject({ helloId: 's-1', epoch: 1, isProven: false });
    expect(deedsOf(onGap(silent, at(1)))).toEqual(['look']);
    expect(deedsOf(onGap(waiting, at(1)))).toEqual([]);
  });
  test('an answer that does not come within 5 s is asked for again, with all that is proven', () => {
    expect(deedsOf(onTime(asking, hearing(4)))).toEqual([]);
    const again = onTime(asking, hearing(5));
    expect(deedsOf(again)).toEqual(['look']);
    expect(wordOf(onRow(again.stream, rowOf(), at(5)))).toMatchObject({ helloId: 's-2', isProven: true, position: 15 });
  });
});

describe('a stream whose key goes', () => {
  const closed: GoRing = { ...rotatedRing(), keys: rotatedRing().keys.slice(1) };

  test('waits when it hears of the ring', () => {
    expect(onRing(silent, closed, at(1))).toMatchObject({ stream: { mode: 'waits' }, deeds: [{ kind: 'say' }] });
    expect(onRing(silent, rotatedRing(), at(1)).deeds).toEqual([]);
  });
  test('waits when it reads its row', () => {
    const { stream } = onGap(silent, at(1));
    expect(wordOf(onRow(stream, rowOf({}, closed), at(1)))).toMatchObject({ helloId: null, waits: true });
  });
});

describe('a drift', () => {
  const stateOf = (answer: Partial<NonNullable<BegunState['answer']>> = {}, heardAt = 1): BegunState => ({
    ...{ id: 'q', heardAtMs: at(heardAt).getTime(), isOver: false, isTaken: false },
    answer: { epoch: 1, form: 'plain', keys: '', readAt: instant(2), ...answer },
  });
  const drift = (stream: StreamLife, states: BegunState[], setsKeys = true) =>
    onDrift(stream, { stateId: 'q', setsKeys }, hearing(3, { states }));

  test('of a state that was answered since the stream waits proves what the Node holds', () => {
    const { stream, deeds } = drift(waiting, [stateOf()]);
    expect(deeds).toEqual([{ kind: 'look' }]);
    expect(wordOf(onRow(stream, rowOf(), at(3)))).toMatchObject({ epoch: 1, isProven: true, waits: false });
    // What it proves is not lost to its own end.
    expect(deedsOf(onTime(stream, hearing(PATIENCE_MS / 1_000)))).toEqual([]);
  });
  test('proves what is settled, and the stream waits on where that cannot be led on from', () => {
    const { stream } = drift(waiting, [stateOf()]);
    const word = wordOf(onRow(stream, rowOf({}, { ...rotatedRing(), keys: [] }), at(3)));
    expect(word).toMatchObject({ helloId: null, epoch: 1, isProven: true, waits: true });
  });
  test.each<[string, StreamLife, BegunState[]]>([
    ['on a live stream', silent, [stateOf()]],
    ['of a state from before the stream', waiting, [stateOf({ readAt: instant(0) })]],
    ['of a state that left its keys out', waiting, [stateOf({ form: 'left_out' })]],
    ['while news may lie in the socket', { ...waiting, hasTold: true }, [stateOf()]],
    ['of a state that nobody knows', waiting, []],
    ['of a state that was not answered', waiting, [{ ...stateOf(), answer: null }]],
  ])('proves nothing %s', (_, stream, states) => expect(drift(stream, states).deeds).toEqual([]));

  test('of something else than keys proves nothing', () =>
    expect(drift(waiting, [stateOf()], false).deeds).toEqual([]));

  test('is let come: a stream does not end while a state that was begun on it is young', () => {
    const end = (heardAt: number) => deedsOf(onTime(waiting, hearing(8, { states: [stateOf({}, heardAt)] })));
    expect(end(6)).toEqual([]);
    expect(end(5)).toEqual(['end']);
    expect(end(-1)).toEqual(['end']);
  });
});

test('no stream lasts longer than a minute', () => {
  expect(deedsOf(onTime(silent, hearing(59)))).toEqual([]);
  expect(deedsOf(onTime(silent, hearing(60)))).toEqual(['end']);
  expect(deedsOf(onMessage(silent, event(8, 11), hearing(60)))).toEqual(['end']);
});
