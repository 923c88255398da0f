import { AppliedEvents, type AppliedBatch } from './applied-events';

const at = (minutes: number): Date => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000);

const filled = (count: number, now = at(0)): AppliedEvents => {
  const applied = new AppliedEvents();
  for (let event = 0; event < count; event += 1) applied.add(`event-${event}`, now);
  return applied;
};
const read = (text: string): AppliedEvents => new AppliedEvents(JSON.parse(text) as AppliedBatch[]);
const count = (applied: AppliedEvents): number =>
  (JSON.parse(applied.toText()) as AppliedBatch[]).reduce((sum, [, eventIds]) => sum + eventIds.length, 0);

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
  expect(read(applied.toText()).toText()).toBe(applied.toText());
  applied.add('one more', at(1));
  const found = read(applied.toText());
  found.add('another', at(1));
  expect(['event-0', 'event-599', 'one more', 'another'].every((id) => found.has(id))).toBe(true);
  expect(count(found)).toBe(602);
});

test('memory is bounded: the oldest go', () => {
  const applied = filled(60_000);
  expect(count(applied)).toBeLessThanOrEqual(50_000);
  expect(applied.has('event-0')).toBe(false);
  expect(applied.has('event-59999')).toBe(true);
});

test('a clock that is set back forgets nothing', () => {
  const applied = filled(300, at(30));
  applied.add('earlier', at(0));
  expect(count(applied)).toBe(301);
});
