/** What a word makes of the record, what a Node is sent next, and what becomes of the record once that stands on its stream. */
import { at, firstRing, goNode, instant, keys, rotatedRing } from '../../testing/go-node-facts';
import type { GoNode, StreamWord } from './go-node';
import type { GoRing } from './go-ring';
import { nextForGoNode } from './next-for-go-node';
import { MOST_REMEMBERED, POSITIONS_APART, takeWord, toldAfter, toldUnknown } from './take-word';

const NOW = at(0);
const word = (said: Partial<StreamWord> = {}): StreamWord => ({
  ...{ helloId: 's-2', epoch: 1, isProven: false, position: null, waits: false, readAt: instant(10) },
  ...said,
});

describe('a word', () => {
  const after = (said: Partial<StreamWord>, node: Partial<GoNode> = {}) => takeWord(goNode(node), word(said));

  test('says what the Node holds: that is what it was told, up or down', () => {
    expect(after({ epoch: 1 }, { toldEpoch: 3, toldSince: [1, 2, 3] })).toMatchObject({ toldEpoch: 1, toldSince: [1] });
    expect(after({ epoch: 3 })).toMatchObject({ toldEpoch: 3, toldSince: [3], settledEpoch: 1 });
  });

  test('that is proven settles its epoch, be it less: another process may hold less', () => {
    expect(after({ epoch: 3, isProven: true })).toMatchObject({ settledEpoch: 3, toldEpoch: 3 });
    expect(after({ epoch: 2, isProven: true }, { settledEpoch: 3 })).toMatchObject({ settledEpoch: 2, toldEpoch: 2 });
  });

  test('of a stream that waits leaves what was told, but never below what is settled', () => {
    expect(after({ waits: true, epoch: 1 }, { toldEpoch: 2 })).toMatchObject({ toldEpoch: 2, waits: true });
    const proven = after({ waits: true, epoch: 3, isProven: true }, { toldEpoch: 2, toldSince: [1, 2] });
    expect(proven).toMatchObject({ toldEpoch: 3, settledEpoch: 3, toldSince: [1, 2], waits: true });
  });

  test('settles events up to its position, and takes nothing back', () => {
    expect(after({ position: 15 })).toMatchObject({ settledPosition: 15 });
    expect(after({ position: 3 })).toMatchObject({ settledPosition: 10 });
    expect(after({ position: null })).toMatchObject({ settledPosition: 10 });
  });

  test('asks for an answer where it has a hello, and leaves an earlier question where it has none', () => {
    expect(after({})).toMatchObject({ helloId: 's-2', isHelloUnanswered: true });
    expect(after({ helloId: null })).toMatchObject({ helloId: 's-1', isHelloUnanswered: false });
    expect(after({ helloId: null }, { isHelloUnanswered: true })).toMatchObject({ isHelloUnanswered: true });
  });

  test.each([
    [9, undefined],
    [10, { wordAt: instant(10) }],
    [11, { wordAt: instant(11) }],
  ])('read at %d after one of 10 changes something or nothing', (seconds, changed) => {
    const taken = after({ epoch: 5, waits: true, readAt: instant(seconds) }, { wordAt: instant(10) });
    if (changed === undefined) expect(taken).toBeUndefined();
    else expect(taken).toMatchObject(changed);
  });
});

describe('an announcement that stands on the stream', () => {
  test('is what it was told last', () =>
    expect(toldAfter(goNode(), 2)).toMatchObject({ toldEpoch: 2, toldSince: [1, 2] }));

  test('is remembered with those before, up to a number: then nothing is known', () => {
    const toldSince = Array.from({ length: MOST_REMEMBERED }, (_, index) => index + 1);
    const node = goNode({ toldEpoch: MOST_REMEMBERED, toldSince });
    expect(toldAfter(node, MOST_REMEMBERED + 1).toldSince).toEqual([0]);
  });
});

test('where it is not known what was told, all is told again, at positions that were never given', () => {
  const told = goNode({ settledEpoch: 2, toldEpoch: 3 });
  const lastPosition = 20 + POSITIONS_APART;
  expect(toldUnknown(told)).toEqual({ ...told, toldEpoch: 2, lastPosition });
  expect(toldUnknown({ ...told, toldEpoch: 1 })).toMatchObject({ toldEpoch: 1 });
});

describe('a Node is sent next', () => {
  const next = (node: Partial<GoNode>, ring: GoRing = rotatedRing()) => nextForGoNode(goNode(node), ring, NOW);

  test.each<[string, Partial<GoNode>, GoRing | undefined, object]>([
    ['nothing while it waits', { waits: true }, undefined, { kind: 'none' }],
    ['nothing where its ring went back', { toldEpoch: 3 }, undefined, { kind: 'none' }],
    ['the news, by the key of what it was told', {}, undefined, { kind: 'announce', keyId: 'd1', from: 1, epoch: 2 }],
    [
      'nothing where that key announces no more',
      {},
      { ...rotatedRing(), keys: keys('retired', 'active').slice(1) },
      { kind: 'none' },
    ],
    ['a ready behind the news', { toldEpoch: 2 }, undefined, { kind: 'ready', epoch: 2 }],
    ['a ready that answers a word', { isHelloUnanswered: true }, firstRing(), { kind: 'ready', epoch: 1 }],
    ['events behind that', {}, firstRing(), { kind: 'ordinary', epoch: 1 }],
  ])('%s', (_, node, ring, expected) => expect(next(node, ring)).toEqual(expected));
});
