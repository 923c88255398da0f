import { STALENESS_MS } from '@plexsphere/wire';

/** An envelope that is taken now is at most this far ahead of the clock, and stays fresh for as long after that. */
const KEPT_FOR_MS = 2 * STALENESS_MS;

/** What is forgotten, and what is written anew at each save, goes by so many. */
const BATCH = 256;

/**
 * Beyond these the oldest go, so that whoever can have events signed cannot fill a Node's memory. One message is in
 * flight a Node: at eighty a second this is as many as come in the time above.
 */
const MOST_BATCHES = 192;

/** Ids, oldest first, and until when they are kept, in milliseconds since 1970. */
export type AppliedBatch = [keptUntilMs: number, eventIds: string[]];

interface Batch {
  keptUntilMs: number;
  eventIds: string[];
  /** As it is saved; once it is full it changes no more. */
  text?: string;
}

/**
 * The ids of events that the application is done with, for as long as an envelope of theirs could be fresh. Positions
 * tell old from new in peace; these do when positions were tampered with and had to step back. Grows in place, and what
 * was said of a full batch is said again: a fan-in must not cost more with each event that came before.
 */
export class AppliedEvents {
  private readonly ids: Set<string>;
  private readonly batches: Batch[];

  constructor(batches: readonly AppliedBatch[] = []) {
    this.batches = batches.map(([keptUntilMs, eventIds]) => ({ keptUntilMs, eventIds: [...eventIds] }));
    this.ids = new Set(batches.flatMap(([, eventIds]) => eventIds));
  }

  has(eventId: string): boolean {
    return this.ids.has(eventId);
  }

  add(eventId: string, now: Date): void {
    this.forget(now.getTime());
    if (this.ids.has(eventId)) return;
    const batch = this.openBatch();
    batch.eventIds.push(eventId);
    batch.keptUntilMs = now.getTime() + KEPT_FOR_MS;
    this.ids.add(eventId);
  }

  /** A JSON array of AppliedBatch. */
  toText(): string {
    return `[${this.batches.map(textOf).join(',')}]`;
  }

  private openBatch(): Batch {
    const last = this.batches.at(-1);
    if (last !== undefined && last.eventIds.length < BATCH) return last;
    const batch = { keptUntilMs: 0, eventIds: [] };
    this.batches.push(batch);
    return batch;
  }

  private forget(nowMs: number): void {
    for (let [oldest] = this.batches; oldest !== undefined; [oldest] = this.batches) {
      if (oldest.keptUntilMs > nowMs && this.batches.length <= MOST_BATCHES) return;
      this.batches.shift();
      for (const eventId of oldest.eventIds) this.ids.delete(eventId);
    }
  }
}

function textOf(batch: Batch): string {
  const text = batch.text ?? JSON.stringify([batch.keptUntilMs, batch.eventIds]);
  if (batch.eventIds.length === BATCH) batch.text = text;
  return text;
}
