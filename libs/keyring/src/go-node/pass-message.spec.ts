/** What a stream passes on to its Node: each row is one message, as the stream is, and what becomes of it. */
import { at, instant } from '../../testing/go-node-facts';
import { dropped, passed, passes, type GoStream, type Passing, type StreamMessage } from './pass-message';

const NOW = at(0);

/** At epoch 2, where the Node has read up to 10; the last message had the sequence 7. */
const stream = (more: Partial<GoStream> = {}): GoStream => ({
  ...{ id: 's', words: 1, mode: 'live', epoch: 2, awaits: null, lastId: 10, sequence: 7, hasTold: false },
  openedAt: instant(-10),
  ...more,
});
const AWAITING = stream({ awaits: 's-1' });

const next = { sequence: 8, lastSequence: 7, issuedAt: NOW, epoch: 2 };
type Of<Kind> = Partial<Extract<StreamMessage, { kind: Kind }>>;
const key = (more: Of<'key'> = {}): StreamMessage => ({ ...next, kind: 'key', from: 2, epoch: 3, ...more });
const ready = (more: Of<'ready'> = {}): StreamMessage => ({
  ...next,
  kind: 'ready',
  helloId: '',
  position: 11,
  ...more,
});
const ordinary = (more: Of<'ordinary'> = {}): StreamMessage => ({ ...next, kind: 'ordinary', position: 11, ...more });

test.each<[string, StreamMessage, Passing]>([
  ['news that lead on from what it holds', key(), 'pass'],
  ['news that lead on from something else', key({ from: 1 }), 'lookAgain'],
  ['news of what it holds', key({ epoch: 2 }), 'lookAgain'],
  ['news of less', key({ epoch: 1 }), 'lookAgain'],
  ['a ready that nobody asked for', ready(), 'pass'],
  ['a ready of another epoch', ready({ epoch: 3 }), 'lookAgain'],
  ['an event', ordinary(), 'pass'],
  ['an event of another epoch', ordinary({ epoch: 1 }), 'lookAgain'],
  ['an event that it has', ordinary({ position: 10 }), 'drop'],
  ['an event behind a hole', ordinary({ lastSequence: 6 }), 'lookAgain'],
  ['an event that was issued 60 s ago', ordinary({ issuedAt: at(-60) }), 'pass'],
  ['an event that was issued before', ordinary({ issuedAt: at(-60.001) }), 'lookAgain'],
  ['news that were issued before', key({ issuedAt: at(-60.001) }), 'lookAgain'],
])('a live stream, and %s', (_, message, passing) => expect(passes(stream(), message, NOW)).toBe(passing));

test.each<[string, StreamMessage, Passing]>([
  ['news that lead on from what it holds: they were due', key(), 'pass'],
  ['other news, which were sent before', key({ from: 1 }), 'drop'],
  ['its answer', ready({ helloId: 's-1' }), 'pass'],
  ['its answer, behind a hole: what was before it is sent again', ready({ helloId: 's-1', lastSequence: 5 }), 'pass'],
  ['its answer of another epoch', ready({ helloId: 's-1', epoch: 3 }), 'lookAgain'],
  ['the answer to somebody else', ready({ helloId: 'r-1' }), 'drop'],
  ['a ready that nobody asked for', ready(), 'drop'],
  ['an event: it was sent before', ordinary(), 'drop'],
])('a stream that awaits an answer, and %s', (_, message, passing) =>
  expect(passes(AWAITING, message, NOW)).toBe(passing),
);

test.each(['waits', 'mute'] as const)('a stream that is %s passes nothing', (mode) => {
  for (const message of [key(), ready(), ready({ helloId: 's-1' }), ordinary()])
    expect(passes(stream({ mode, awaits: 's-1' }), message, NOW)).toBe('drop');
});

test('one that does not know its place takes what comes, and has a place then', () => {
  expect(passes(stream({ sequence: null }), ordinary({ lastSequence: 99 }), NOW)).toBe('pass');
  expect(passed(stream({ sequence: null }), ordinary())).toMatchObject({ sequence: 8 });
});

describe('once it was passed on', () => {
  test('news are what the Node holds, and may lie in its socket', () =>
    expect(passed(AWAITING, key())).toEqual({ ...AWAITING, epoch: 3, hasTold: true, sequence: 8 }));

  test('a ready is what was awaited, and its id is read', () =>
    expect(passed(AWAITING, ready())).toEqual({ ...AWAITING, awaits: null, lastId: 11, sequence: 8 }));

  test('an event leaves what is awaited', () =>
    expect(passed(stream(), ordinary())).toEqual({ ...stream(), lastId: 11, sequence: 8 }));
});

test('what is dropped takes its place in the sequence, and nothing else', () =>
  expect(dropped(stream(), ordinary())).toEqual({ ...stream(), sequence: 8 }));
