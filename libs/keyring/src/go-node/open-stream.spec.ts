/** What becomes of a stream that a Node opens, by what it presents and by what is on record of it. */
import { at, change, firstRing, goNode, keys, rotatedRing } from '../../testing/go-node-facts';
import type { GoNode } from './go-node';
import type { GoRing } from './go-ring';
import { judgeLastEventId } from './last-event-id';
import { openStream } from './open-stream';

const NOW = at(1_000);
const FRESH = at(999);
const closed: GoRing = { ...rotatedRing(), keys: keys('retired', 'active').slice(1) };
const id = (presented: number, issuedAt: Date | null = FRESH) => ({ id: presented, issuedAt });
const open = (presented: number | null, node: Partial<GoNode> = {}, ring: GoRing = firstRing()) =>
  openStream(presented === null ? null : id(presented), goNode(node), ring, NOW);

describe('a Last-Event-ID', () => {
  const judge = (presented: ReturnType<typeof id> | null, node: Partial<GoNode> = {}, ring: GoRing = firstRing()) =>
    judgeLastEventId(presented, goNode(node), ring, NOW);

  test.each<[string, ReturnType<typeof id> | null]>([
    ['none', null],
    ['0', id(0)],
    ['one above the last position', id(21)],
    ['one below what is settled, of another process', id(9)],
  ])('is as good as none: %s', (_, presented) => expect(judge(presented)).toEqual({ kind: 'absent' }));

  test('at what is settled proves that it is the process of before, and nothing else, however old', () =>
    expect(judge(id(10, at(-9_999)))).toEqual({ kind: 'settled' }));

  test('counts for less than 3 min from when the oldest envelope up to it was issued', () => {
    expect(judge(id(15, at(1_000 - 179)))).toEqual({ kind: 'counts', position: 15 });
    expect(judge(id(15, at(1_000 - 180)))).toEqual({ kind: 'uncounted' });
    expect(judge(id(15, null))).toEqual({ kind: 'uncounted' });
  });

  test('counts while a word is answered no more: what was sent is numbered anew then', () =>
    expect(judge(id(15), { isHelloUnanswered: true })).toEqual({ kind: 'uncounted' }));

  test('counts where every key that signed up to it is verified still', () => {
    expect(judge(id(15), { toldSince: [1, 2] }, rotatedRing())).toMatchObject({ kind: 'counts' });
    expect(judge(id(15), { toldSince: [1, 2] }, closed)).toEqual({ kind: 'uncounted' });
    expect(judge(id(15), { toldSince: [2] }, closed)).toMatchObject({ kind: 'counts' });
    // More were announced than are remembered.
    expect(judge(id(15), { toldSince: [0] })).toEqual({ kind: 'uncounted' });
  });
});

describe('waits', () => {
  test('without an id that we gave: it may hold the key of its registration day', () => {
    expect(open(null)).toEqual({ kind: 'waits', tells: true });
    expect(open(null, { waits: true })).toEqual({ kind: 'waits', tells: false });
  });

  test('where its epoch can no longer announce', () => {
    expect(open(10, {}, closed)).toEqual({ kind: 'waits', tells: true });
    expect(open(10, { settledEpoch: 2, toldEpoch: 2 }, closed)).toMatchObject({ kind: 'silent' });
  });

  test('where the relay found that nobody announces to it, though its key looks as if it could', () => {
    expect(open(10, { waits: true }, rotatedRing())).toEqual({ kind: 'waits', tells: false });
    expect(open(15, { waits: true }, rotatedRing())).toEqual({ kind: 'waits', tells: false });
    // It has read the news after all.
    const read = { waits: true, ready: { epoch: 2, position: 15 }, toldEpoch: 2, toldSince: [1, 2] };
    expect(open(15, read, rotatedRing())).toEqual({ kind: 'word', epoch: 2, isProven: true, position: 15, asks: true });
  });
});

describe('is silent', () => {
  test('where nothing is outstanding and it holds the trust epoch: nothing is written', () =>
    expect(open(10)).toEqual({ kind: 'silent', epoch: 1 }));

  test.each<[string, Partial<GoNode>, GoRing]>([
    ['an event is not settled', { hasUnsettled: true }, firstRing()],
    ['the record says that it waits', { waits: true }, firstRing()],
    ['it holds an older epoch', {}, rotatedRing()],
  ])('not where %s', (_, node, ring) => expect(open(10, node, ring)).toMatchObject({ kind: 'word', epoch: 1 }));

  test('though a later ring was announced: a word says what it holds', () =>
    expect(open(10, { toldEpoch: 2 }, rotatedRing())).toMatchObject({ kind: 'word', epoch: 1, isProven: false }));
});

describe('says a word', () => {
  const node = { ready: { epoch: 2, position: 15 }, toldEpoch: 2, toldSince: [1, 2] };

  test('of the events up to an id that counts, and of the key event where the id is that of its ready or beyond', () => {
    expect(open(14, node, rotatedRing())).toEqual({
      kind: 'word',
      epoch: 1,
      isProven: false,
      position: 14,
      asks: true,
    });
    expect(open(15, node, rotatedRing())).toEqual({ kind: 'word', epoch: 2, isProven: true, position: 15, asks: true });
  });

  test('that asks for nothing where it has everything that was given a position', () =>
    expect(open(14, { ...node, toldEpoch: 1, toldSince: [1], ready: null, lastPosition: 14 }, firstRing())).toEqual({
      ...{ kind: 'word', epoch: 1, isProven: false, position: 14, asks: false },
    }));

  test('of what is settled where the id does not count: it is announced again', () => {
    const opening = openStream(id(15, null), goNode(node), rotatedRing(), NOW);
    expect(opening).toEqual({ kind: 'word', epoch: 1, isProven: false, position: null, asks: true });
  });

  test('after a change beyond those that are known, waits instead', () =>
    expect(open(10, {}, { ...rotatedRing(), changes: [change(2, 'd2')] })).toMatchObject({ kind: 'waits' }));
});
