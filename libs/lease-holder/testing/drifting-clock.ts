import type { Clocks } from '@plexsphere/keyring';
import type { SeededRandom } from '@plexsphere/testkit';

/** What a right wall clock says at the beginning of true time. */
export const START_MS = 1_900_000_000_000;

/** Both clocks of one process, which run at a rate of their own; true time, in milliseconds, is an argument. */
export class DriftingClock {
  private readonly rate: number;
  private monotonicOffset: number;
  private wallOffset: number;

  constructor(random: SeededRandom) {
    this.rate = driftingRate(random);
    this.monotonicOffset = random.integer(0, 1e6);
    this.wallOffset = START_MS + random.integer(-20_000, 20_000);
  }

  at(ms: number): Clocks {
    return { monotonicMs: ms * this.rate + this.monotonicOffset, wallMs: ms * this.rate + this.wallOffset };
  }

  jump(ms: number): void {
    this.wallOffset += ms;
  }

  /** The monotonic clock stood still meanwhile. */
  slept(ms: number): void {
    this.monotonicOffset -= ms;
  }
}

/** At most half a thousandth too fast or too slow. */
export const driftingRate = (random: SeededRandom): number => 1 + (random.next() - 0.5) * 1e-3;
