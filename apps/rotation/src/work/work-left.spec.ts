import type { DataSource } from 'typeorm';
import { WorkLeft, untilTogether } from './work-left';

let asked = 0;
let fails = false;
const query = async () => {
  asked += 1;
  if (fails) throw new Error('away');
  return { rows: [{ fleets: asked > 1 }] };
};
let work: WorkLeft;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  [asked, fails] = [0, false];
  work = new WorkLeft({ driver: { master: { query } } } as unknown as DataSource);
});
afterEach(() => void jest.useRealTimers());

it('is read once for all who look at the same moment, and anew at the next', async () => {
  const first = await Promise.all([work.find(), work.find()]);
  jest.advanceTimersByTime(100);
  expect([...first, await work.find()].map(({ fleets }) => fleets)).toEqual([false, false, false]);
  jest.advanceTimersByTime(900);
  expect(await work.find()).toMatchObject({ fleets: true });
  expect(asked).toBe(2);
});

it('is read anew where something was committed, though somebody has asked before and has no answer yet', async () => {
  const before = work.find();
  work.forget();
  expect(await work.find()).toMatchObject({ fleets: true });
  expect(await before).toMatchObject({ fleets: false });
});

it('fails for all who look at the moment, and for nobody later', async () => {
  fails = true;
  expect(await Promise.allSettled([work.find(), work.find()])).toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ]);
  fails = false;
  jest.advanceTimersByTime(1_000);
  expect(await work.find()).toMatchObject({ fleets: true });
});

it.each([
  // What has just turned, or a timer that was early by less than a millisecond.
  [1_000, 3, 997],
  [1_000, 999.5, 1_000.5],
  [2_000, 3, 1_997],
  // What was busy: no turn follows at once.
  [1_000, 400, 600],
  [1_000, 700, 1_300],
  [2_000, 700, 1_300],
])('every %i ms is, %d ms after a moment, in %d ms', (everyMs, afterMs, pauseMs) => {
  jest.spyOn(performance, 'now').mockReturnValue(7_000 + afterMs);
  expect(untilTogether(everyMs)).toBeCloseTo(pauseMs);
  jest.restoreAllMocks();
});
