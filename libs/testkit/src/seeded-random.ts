import { randomInt } from 'node:crypto';

export interface SeededRandom {
  readonly seed: number;
  /** From 0 up to, and without, 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

const SEEDS = 2 ** 31;

/**
 * Randomness that can be repeated: the seed is printed, and TEST_SEED in the environment gives it again. For the order
 * and timing of a test, never for secrets.
 */
export function seededRandom(seed = Number(process.env['TEST_SEED'] ?? randomInt(SEEDS))): SeededRandom {
  console.info(`TEST_SEED=${seed}`);
  const next = mulberry32(seed);
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    next,
    integer,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[integer(0, items.length - 1)] as T;
    },
    shuffle<T>(items: readonly T[]): T[] {
      const left = [...items];
      return items.map(() => left.splice(integer(0, left.length - 1), 1)[0] as T);
    },
  };
}

/** Tommy Ettinger's mulberry32: 32 bits of state, good enough to shuffle by and the same on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
