import type { Scope } from '@plexsphere/wire';
import { Candidates, ROOM } from './candidates';
import type { Found, Source } from './find-candidates';

const [BIG, SMALL] = ['domain:big', 'domain:small'] as Scope[] as [Scope, Scope];

const found = (source: Source, scope: Scope, ...nodeIds: string[]): Found[] =>
  nodeIds.map((nodeId, at) => ({ source, scope, nodeId, at, isFree: true }));

/** One look that took so long, and found these. */
function look(candidates: Candidates, rows: readonly Found[], { tookMs = 1, nowMs = 0 } = {}) {
  const asked = candidates.ask(nowMs);
  candidates.add(asked, rows, tookMs, nowMs);
  return asked;
}

test('scopes take turns; in each the news of keys goes first, then what is due, then what is repeated', () => {
  const candidates = new Candidates();
  look(candidates, [
    ...found('again', BIG, 'a1'),
    ...found('unsent', BIG, 'u1', 'u2'),
    ...found('own', BIG, 'n1'),
    ...found('hello', SMALL, 'h1'),
  ]);
  expect([...candidates.choose(2).keys()].sort()).toEqual(['h1', 'n1']);
  expect([...candidates.choose(9).keys()]).toEqual(['u1', 'u2', 'a1']);
  expect(candidates.hasMore).toBe(false);
});

test('whoever has nothing to hear but a close comes after everybody of all scopes', () => {
  const candidates = new Candidates();
  look(candidates, [...found('close', SMALL, 'c1'), ...found('again', BIG, 'a1', 'a2')]);
  expect([...candidates.choose(9).keys()]).toEqual(['a1', 'a2', 'c1']);
});

test('one that somebody has claimed is read over, and is no candidate', () => {
  const candidates = new Candidates();
  look(candidates, [{ source: 'own', scope: BIG, nodeId: 'n1', at: 3, isFree: false }]);
  expect(candidates.choose(9).size).toBe(0);
});

test('an index is read on from where it was left, and from its start once that is not too soon', () => {
  const candidates = new Candidates();
  const many = Array.from({ length: ROOM }, (_, at) => `n${`${at}`.padStart(4, '0')}`);
  look(candidates, found('own', BIG, ...many), { tookMs: 10 });
  expect(candidates.choose(ROOM).size).toBe(ROOM);
  expect(candidates.hasMore).toBe(true);
  const last = { at: ROOM - 1, nodeId: many.at(-1) };
  expect(look(candidates, found('own', BIG), { nowMs: 100 })).toMatchObject([{ room: ROOM, places: { own: last } }]);
  expect(candidates.hasMore).toBe(false);
  expect(look(candidates, [], { nowMs: 199 })).toMatchObject([{ places: { own: last } }]);
  expect(look(candidates, [], { nowMs: 200, tookMs: 10 })).toMatchObject([{ places: {} }]);
  // That look found nothing: what is dead before the furthest place is not passed at each of them.
  expect(look(candidates, [], { nowMs: 201 })).toMatchObject([{ places: { own: last } }]);
});

test('a scope whose candidates wait already is asked for no more than there is room for', () => {
  const candidates = new Candidates();
  look(candidates, found('unsent', BIG, 'u1', 'u2', 'u3'));
  expect(look(candidates, [])).toMatchObject([{ scope: BIG, room: ROOM - 3 }]);
});

test('who was passed over is remembered until it is asked for', () => {
  const candidates = new Candidates();
  candidates.passOver('n1');
  expect([candidates.wasPassedOver('n1'), candidates.wasPassedOver('n1')]).toEqual([true, false]);
});

test('while one index of a scope has no end, the others begin anew when they may, and that one now and then', () => {
  const candidates = new Candidates();
  const many = Array.from({ length: ROOM }, (_, at) => `u${at}`);
  const busy = (nowMs: number) => {
    const asked = look(candidates, found('unsent', BIG, ...many), { nowMs });
    candidates.choose(ROOM);
    return asked.find(({ scope }) => scope === BIG)?.places;
  };
  look(candidates, [...found('hello', BIG, 'h9'), ...found('hello', SMALL, 'h9')]);
  busy(1);
  expect(busy(10)).toMatchObject({ unsent: { nodeId: many.at(-1) }, hello: { nodeId: 'h9' } });
  // Who says hello now, and stands before whoever did so first, is found in either scope.
  const asked = look(candidates, found('unsent', BIG, ...many), { nowMs: 100 });
  expect(new Map(asked.map(({ scope, places }) => [scope, places]))).toEqual(
    new Map<Scope, object>([
      [BIG, { unsent: { at: ROOM - 1, nodeId: many.at(-1) } }],
      [SMALL, {}],
    ]),
  );
  candidates.choose(ROOM);
  const begun = Array.from({ length: 60 }, (_, s) => 1_000 * (s + 1)).filter(
    (nowMs) => busy(nowMs)?.unsent === undefined,
  );
  expect(begun).toEqual([6_000, 16_000, 36_000]);
});

test('whoever has nothing to hear but a close takes no room from the others of its scope', () => {
  const candidates = new Candidates();
  look(candidates, found('close', BIG, ...Array.from({ length: ROOM }, (_, at) => `c${at}`)));
  expect(candidates.ask(0)).toMatchObject([{ room: ROOM, closeRoom: 0 }]);
  candidates.note(BIG, 'h1', 'due');
  expect([...candidates.choose(1).keys()]).toEqual(['h1']);
});

test('very many scopes share what a look reads; those that have more waiting share it among themselves', () => {
  const candidates = new Candidates();
  const scopes = Array.from({ length: 100 }, (_, at) => `domain:${at}` as Scope);
  look(
    candidates,
    scopes.flatMap((scope) => found('own', scope, scope)),
  );
  expect(candidates.choose(200).size).toBe(100);
  const asked = candidates.ask(1);
  expect(asked).toHaveLength(100);
  for (const { room } of asked) expect(room).toBe(40);
  const more = Array.from({ length: 40 }, (_, at) => `n${at}`);
  candidates.add(asked, found('own', scopes[7]!, ...more), 1, 1);
  expect(candidates.choose(200).size).toBe(40);
  const rooms = new Map(candidates.ask(2).map(({ scope, room }) => [scope, room]));
  expect([rooms.get(scopes[7]!), rooms.get(scopes[8]!)]).toEqual([ROOM, 40]);
});

test('a scope that has brought nothing for long is forgotten, and one in which somebody waits is not', () => {
  const candidates = new Candidates();
  look(candidates, [...found('own', BIG, 'n1'), ...found('own', SMALL, 'n2')]);
  expect([...candidates.choose(1).keys()]).toEqual(['n1']);
  expect(look(candidates, [], { nowMs: 600_000 })).toHaveLength(2);
  expect(look(candidates, [], { nowMs: 600_001 })).toMatchObject([{ scope: SMALL }]);
});
