import fc from 'fast-check';
import { leaseFrom, leaseOutlives } from './lease';

const ASKED = { monotonicMs: 5_000, wallMs: 1_700_000_000_000 };
const lease = leaseFrom(ASKED, 10_000);
const later = (monotonicMs: number, wallMs = monotonicMs) => ({
  monotonicMs: ASKED.monotonicMs + monotonicMs,
  wallMs: ASKED.wallMs + wallMs,
});

describe('leaseOutlives', () => {
  it.each([
    ['just asked', later(0), 3_333, true],
    ['a last millisecond left', later(6_666), 3_333, true],
    ['ends with the duration', later(6_667), 3_333, false],
    ['ended', later(10_000), 0, false],
    ['both clocks tell nearly the same', later(3_000, 3_100), 0, true],
    ['the machine slept and its clock was set back, each by less than a lease', later(401, 1_972), 0, false],
    ['the clock was set back by less than has passed', later(2_000, 1_899), 0, false],
    ['the machine slept, which the monotonic clock did not see', later(100, 20_000), 0, false],
    ['the wall clock jumped ahead', later(100, 3_600_000), 0, false],
    ['the wall clock was set back, the monotonic one has ended', later(10_000, 1), 0, false],
    ['the wall clock was set back before the time of asking', later(100, -1), 0, false],
    ['the monotonic clock is another process’s', later(-1, 100), 0, false],
    ['a negative duration', later(0), -1, false],
    ['no duration', later(0), Number.NaN, false],
    ['no wall clock', { ...later(0), wallMs: Number.NaN }, 0, false],
    ['no monotonic clock', { ...later(0), monotonicMs: Number.NaN }, 0, false],
  ])('%s', (_, now, durationMs, expected) => {
    expect(leaseOutlives(lease, now, durationMs)).toBe(expected);
  });

  it('never outlives L by the monotonic clock, whatever the wall clock does', () => {
    const anyNow = fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.integer(), fc.nat(10_000));
    fc.assert(
      fc.property(anyNow, ([monotonicMs, wallMs, durationMs]) => {
        const outlives = leaseOutlives(lease, later(monotonicMs, wallMs), durationMs);
        return !outlives || monotonicMs + durationMs < 10_000;
      }),
      { seed: 11, numRuns: 1_000 },
    );
  });
});
