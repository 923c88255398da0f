import { seededRandom } from '@plexsphere/testkit';
import { SeenMemory } from '.';

const SECOND = 1_000;
beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());
const after = (ms: number): Date => new Date(Date.now() + ms);

it('knows what it has noted until then', () => {
  const seen = new SeenMemory(10);
  expect([seen.add('a', after(SECOND)), seen.add('a', after(SECOND)), seen.add('b', after(SECOND))]).toEqual([
    true,
    false,
    true,
  ]);
  jest.advanceTimersByTime(SECOND);
  expect(seen.add('a', after(SECOND))).toBe(false);
  jest.advanceTimersByTime(1);
  expect(seen.add('a', after(SECOND))).toBe(true);
  seen.delete('a');
  expect(seen.add('a', after(SECOND))).toBe(true);
});

it('does not grow beyond its bound, and forgets the oldest first', () => {
  const seen = new SeenMemory(3);
  for (const key of ['a', 'b', 'c', 'd']) expect(seen.add(key, after(SECOND))).toBe(true);
  expect(['b', 'c', 'd'].map((key) => seen.add(key, after(SECOND)))).toEqual([false, false, false]);
  expect(seen.add('a', after(SECOND))).toBe(true);
  expect(seen.add('b', after(SECOND))).toBe(true);
});

it('forgets what is over', () => {
  const seen = new SeenMemory(1_000);
  for (let n = 0; n < 100; n += 1) seen.add(`${n}`, after(SECOND));
  jest.advanceTimersByTime(2 * SECOND);
  seen.add('now', after(SECOND));
  expect((seen as unknown as { untilMs: Map<string, number> }).untilMs.size).toBe(1);
});

it('knows the same as one that looks at everything each time', () => {
  const [seen, all, most] = [new SeenMemory(20), new Map<string, number>(), 20];
  const random = seededRandom();
  const told: [boolean, boolean][] = [];
  for (let turn = 0; turn < 1_000; turn += 1) {
    const key = `${random.integer(0, 40)}`;
    if (random.next() < 0.1) {
      seen.delete(key);
      all.delete(key);
    }
    if (random.next() < 0.3) jest.advanceTimersByTime(random.integer(0, 400));
    const isNew = (all.get(key) ?? -Infinity) < Date.now();
    told.push([seen.add(key, after(SECOND)), isNew]);
    if (!isNew) continue;
    for (const [each, untilMs] of all) {
      if (untilMs >= Date.now() && all.size < most) break;
      all.delete(each);
    }
    all.delete(key);
    all.set(key, Date.now() + SECOND);
  }
  expect(told.map(([said]) => said)).toEqual(told.map(([, isNew]) => isNew));
  expect(new Set(told.map(([said]) => said)).size).toBe(2);
});
