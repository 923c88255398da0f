import { AppliedEvents } from './applied-events';

const at = (minutes: number): Date => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000);

const filled = (count: number, now = at(0)): AppliedEvents => {
  const applied = new AppliedEvents();
  for (let event = 0; event < count; event += 1) applied.add(`event-${event}`, now);
  return applied;
};
const idsSince = (applied: AppliedEvents, count: number): string[] =>
  applied.since(count).flatMap(([, eventIds]) => eventIds);
const kept = (applied: AppliedEvents): number => idsSince(applied, 0).length;

test('S5: an id is kept as long as an envelope of its event could be fresh, however many came since', () => {
  const applied = filled(10_000);
  applied.add('later', at(9.9));
  expect(applied.has('event-0')).toBe(true);
  applied.add('too late', at(10));
  expect(['event-0', 'event-9999', 'later', 'too late'].map((id) => applied.has(id))).toEqual([
    false,
    // Its batch was still being filled when `later` came.
    true,
    true,
    true,
  ]);
});

test('what was saved is what is found, and grows on', () => {
  const applied = filled(600);
  const found = new AppliedEvents(applied.since(0));
  expect(found.since(0)).toEqual(applied.since(0));
  found.add('another', at(1));
  expect(['event-0', 'event-599', 'another'].every((id) => found.has(id))).toBe(true);
  expect(kept(found)).toBe(601);
});

test('what came since a write is what came since, each once, with the time for which it is kept', () => {
  const applied = filled(250);
  const before = applied.count;
  applied.add('event-249', at(1));
  for (let event = 250; event < 600; event += 1) applied.add(`event-${event}`, at(1));
  expect(idsSince(applied, before)).toEqual(Array.from({ length: 350 }, (_, event) => `event-${event + 250}`));
  expect(applied.since(applied.count)).toEqual([]);
  expect(applied.since(applied.count - 1)).toEqual([[at(11).getTime(), ['event-599']]]);
  const found = new AppliedEvents(applied.since(0));
  found.keep(applied.since(before));
  expect(found.since(0)).toEqual(applied.since(0));
});

test('of what came since a write and is forgotten nothing is said', () => {
  const applied = filled(1);
  applied.add('later', at(10));
  expect(applied.since(0)).toEqual([[at(20).getTime(), ['later']]]);
});

test('memory is bounded: the oldest go, of what is read as well', () => {
  const applied = filled(60_000);
  expect(kept(applied)).toBeLessThanOrEqual(50_000);
  expect([applied.has('event-0'), applied.has('event-59999')]).toEqual([false, true]);
  const read = new AppliedEvents([[0, Array.from({ length: 60_000 }, (_, event) => `event-${event}`)]]);
  expect(kept(read)).toBeLessThanOrEqual(50_000);
  expect([read.has('event-0'), read.has('event-59999')]).toEqual([false, true]);
});

test('a clock that is set back forgets nothing, and has nothing forgotten early', () => {
  const applied = filled(300, at(30));
  applied.add('earlier', at(0));
  expect(kept(applied)).toBe(301);
  applied.add('event-300', at(39));
  expect(kept(applied)).toBe(302);
});
