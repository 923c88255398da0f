import { createHash } from 'node:crypto';

/** How often a Node may ask for its stream: its client asks again at once whenever one ends, without a pause. */
const MOST = 10;
const WITHIN_MS = 10_000;
/** Whoever makes up names makes no more of them than this. */
const MOST_KNOWN = 100_000;

interface Asked {
  sinceMs: number;
  count: number;
}

/**
 * Counts before anything is read for it. By the name and what was shown with it: who makes up a bearer uses up nothing of
 * the Node's own.
 */
export class StreamRate {
  private readonly asked = new Map<string, Asked>();

  /** Whether this one is still within the rate. */
  admits(nodeId: string, shown = '', nowMs = performance.now()): boolean {
    // Of one length, and no part of what came: a piece of a request's text keeps all of it in memory.
    const asker = createHash('sha256').update(`${nodeId} ${shown}`).digest('base64');
    const found = this.asked.get(asker);
    if (found !== undefined && nowMs - found.sinceMs < WITHIN_MS) return ++found.count <= MOST;
    // Back to the end: the map stays in the order of the times, and what is over leaves at its beginning.
    this.asked.delete(asker);
    this.asked.set(asker, { sinceMs: nowMs, count: 1 });
    this.forget(nowMs);
    return true;
  }

  private forget(nowMs: number): void {
    for (const [asker, { sinceMs }] of this.asked) {
      if (nowMs - sinceMs < WITHIN_MS && this.asked.size <= MOST_KNOWN) return;
      this.asked.delete(asker);
    }
  }
}
