import { passed, passes, type GoStream, type Passing, type StreamMessage } from './pass-message';

const NOW = new Date(1_000_000);
const AGO = (ms: number) => new Date(NOW.getTime() - ms);
const LIVE: GoStream = {
  ...{ id: 's', words: 0, mode: 'live', epoch: 2, awaits: null, sequence: 7, hasTold: false, openedAt: '' },
};
const AWAITS: GoStream = { ...LIVE, awaits: 's-1' };
const next = { sequence: 8, lastSequence: 7, issuedAt: AGO(1_000), epoch: 2 };
const later = { ...next, sequence: 10, lastSequence: 9 };
const KEY: StreamMessage = { ...next, kind: 'key', from: 2, epoch: 3 };
const READY: StreamMessage = { ...next, kind: 'ready', helloId: 's-1', position: 5 };
const EVENT: StreamMessage = { ...next, kind: 'ordinary', position: 5 };

test.each<[string, GoStream, StreamMessage, Passing]>([
  ['news that lead on', LIVE, KEY, 'pass'],
  ['news that lead on from another epoch', LIVE, { ...KEY, from: 1 }, 'lookAgain'],
  ['news of what it holds', LIVE, { ...KEY, epoch: 2 }, 'lookAgain'],
  ['news of less', LIVE, { ...KEY, epoch: 1 }, 'lookAgain'],
  ['news that lead on, behind a hole', LIVE, { ...KEY, ...later, epoch: 3 }, 'lookAgain'],
  ['a ready', LIVE, READY, 'pass'],
  ['a ready of another epoch', LIVE, { ...READY, epoch: 3 }, 'lookAgain'],
  ['an event', LIVE, EVENT, 'pass'],
  ['an event of another epoch', LIVE, { ...EVENT, epoch: 3 }, 'lookAgain'],
  ['an event behind a hole', LIVE, { ...EVENT, ...later }, 'lookAgain'],
  ['what is as old as it may be', LIVE, { ...EVENT, issuedAt: AGO(60_000) }, 'pass'],
  ['what is too old', LIVE, { ...EVENT, issuedAt: AGO(60_001) }, 'lookAgain'],

  ['news that lead on, before the answer', AWAITS, { ...KEY, ...later, epoch: 3 }, 'pass'],
  ['news from another epoch, before the answer', AWAITS, { ...KEY, from: 1 }, 'drop'],
  ['the answer, whatever was missed before it', AWAITS, { ...READY, ...later }, 'pass'],
  ['the answer at another epoch', AWAITS, { ...READY, epoch: 3 }, 'lookAgain'],
  ["another word's answer", AWAITS, { ...READY, helloId: 's-0' }, 'drop'],
  ['an event before the answer', AWAITS, EVENT, 'drop'],
  ['what is too old, before the answer', AWAITS, { ...READY, issuedAt: AGO(60_001) }, 'drop'],

  ['anything while it waits', { ...LIVE, mode: 'waits' }, EVENT, 'drop'],
  ['news while it waits', { ...LIVE, mode: 'waits' }, KEY, 'drop'],
])('%s', (_, stream, message, passing) => expect(passes(stream, message, NOW)).toBe(passing));

test.each<[string, GoStream, StreamMessage, Partial<GoStream>]>([
  ['news', AWAITS, KEY, { epoch: 3, hasTold: true, awaits: 's-1', sequence: 8 }],
  ['a ready', AWAITS, READY, { epoch: 2, hasTold: false, awaits: null, sequence: 8 }],
  ['an event', LIVE, EVENT, { epoch: 2, hasTold: false, awaits: null, sequence: 8 }],
])('a stream after %s', (_, stream, message, after) =>
  expect(passed(stream, message)).toEqual({ ...stream, ...after }),
);
