import { STALENESS_MS } from '@plexsphere/wire';

/** An envelope that is taken now is at most this far ahead of the clock, and stays fresh for as long after that. */
const KEPT_FOR_MS = 2 * STALENESS_MS;

/** What is forgotten goes by so many. */
const BATCH = 256;

/**
 * Beyond these the oldest go, so that whoever can have events signed cannot fill a Node's memory. One message is in
 * flight a Node: at eighty a second this is as many as come in the time above.
 */
const MOST_BATCHES = 192;

/** Ids, oldest first, and until when they are kept, in milliseconds since 1970. */
export type AppliedBatch = [keptUntilMs: number, eventIds: string[]];

/**
 * The ids of events that the application is done with, for as long as an envelope of theirs could be fresh. Positions
 * tell old from new in peace; these do when positions were tampered with and had to step back. Grows in place: a fan-in
 * must not cost more with each event that came before.
 */
export class AppliedEvents {
  private readonly ids = new Set<string>();
  private readonly batches: AppliedBatch[] = [];
  private added = 0;

  constructor(batches: readonly AppliedBatch[] = []) {
    this.keep(batches);
  }

  has(eventId: string): boolean {
    return this.ids.has(eventId);
  }

  add(eventId: string, now: Date): void {
    this.forget(now.getTime());
    this.put(eventId, now.getTime() + KEPT_FOR_MS);
  }

  /** What was said of others, or of these earlier. */
  keep(batches: readonly AppliedBatch[]): void {
    for (const [keptUntilMs, eventIds] of batches) for (const eventId of eventIds) this.put(eventId, keptUntilMs);
  }

  /** How many were ever added, those that are forgotten included. */
  get count(): number {
    return this.added;
  }

  /** Those that were added when there had been so many, as far as they are still kept. */
  since(count: number): AppliedBatch[] {
    const found: AppliedBatch[] = [];
    let missing = this.added - count;
    for (let at = this.batches.length - 1; at >= 0 && missing > 0; at -= 1) {
      const [keptUntilMs, eventIds] = this.batches[at]!;
      const newest = eventIds.slice(-missing);
      found.unshift([keptUntilMs, newest]);
      missing -= newest.length;
    }
    return found;
  }

  private put(eventId: string, keptUntilMs: number): void {
    if (this.ids.has(eventId)) return;
    const batch = this.openBatch();
    batch[0] = Math.max(batch[0], keptUntilMs);
    batch[1].push(eventId);
    this.ids.add(eventId);
    this.added += 1;
  }

  private openBatch(): AppliedBatch {
    const last = this.batches.at(-1);
    if (last !== undefined && last[1].length < BATCH) return last;
    if (this.batches.length === MOST_BATCHES) this.forgetOldest();
    const batch: AppliedBatch = [0, []];
    this.batches.push(batch);
    return batch;
  }

  private forget(nowMs: number): void {
    while ((this.batches[0]?.[0] ?? Infinity) <= nowMs) this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const eventId of this.batches.shift()?.[1] ?? []) this.ids.delete(eventId);
  }
}
