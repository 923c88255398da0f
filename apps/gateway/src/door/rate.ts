import { createHash } from 'node:crypto';

/** Of who is not who it says, from one address: what is beyond it hears 429, and what is right is let in beside it. */
export const FAILURES = { most: 20, withinMs: 60_000 };

/** Whoever makes up names makes no more of them than this. */
const MOST_KNOWN = 100_000;

interface Asked {
  sinceMs: number;
  count: number;
}

/** So many within so long, of each asker: counted before, or where, something is done for it. */
export class Rate {
  private readonly asked = new Map<string, Asked>();

  constructor(private readonly limit: { most: number; withinMs: number }) {}

  /**
   * Counts one more. How long it is until one is within the rate again: 0 where this one is. By the words that name the
   * asker, in that order.
   */
  waitMs(askerWords: readonly string[], nowMs = performance.now()): number {
    const { most, withinMs } = this.limit;
    // Of one length, and no part of what came: a piece of a request's text keeps all of it in memory.
    const asker = createHash('sha256').update(askerWords.join(' ')).digest('base64');
    const found = this.asked.get(asker);
    if (found !== undefined && nowMs - found.sinceMs < withinMs) {
      return ++found.count <= most ? 0 : withinMs - (nowMs - found.sinceMs);
    }
    // Back to the end: the map stays in the order of the times, and what is over leaves at its beginning.
    this.asked.delete(asker);
    this.asked.set(asker, { sinceMs: nowMs, count: 1 });
    this.forget(nowMs);
    return 0;
  }

  private forget(nowMs: number): void {
    for (const [asker, { sinceMs }] of this.asked) {
      if (nowMs - sinceMs < this.limit.withinMs && this.asked.size <= MOST_KNOWN) return;
      this.asked.delete(asker);
    }
  }
}
