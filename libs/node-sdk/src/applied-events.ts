import { STALENESS_MS } from '@plexsphere/wire';

/** An envelope that is taken now is at most this far ahead of the clock, and stays fresh for as long after that. */
const KEPT_FOR_MS = 2 * STALENESS_MS;

/**
 * Beyond these the oldest go, so that whoever can have events signed cannot fill a Node's memory. One message is in
 * flight a Node: at a hundred a second this is more than the time below holds.
 */
const MOST = 50_000;

/**
 * The ids of events that the application is done with, for as long as an envelope of theirs could be fresh. Positions
 * tell old from new in peace; these do when positions were tampered with and had to step back. Grows in place: a copy for
 * each event of a fan-in would cost more than all else.
 */
export class AppliedEvents {
  private readonly keptUntilMs: Map<string, number>;

  constructor(entries: Iterable<readonly [string, number]> = []) {
    this.keptUntilMs = new Map(entries);
  }

  has(eventId: string): boolean {
    return this.keptUntilMs.has(eventId);
  }

  add(eventId: string, now: Date): void {
    // Anew, so that the order stays that of the adding.
    this.keptUntilMs.delete(eventId);
    this.keptUntilMs.set(eventId, now.getTime() + KEPT_FOR_MS);
    this.forget(now.getTime());
  }

  /** Oldest first: id, and until when it is kept, in milliseconds since 1970. */
  entries(): [string, number][] {
    return [...this.keptUntilMs];
  }

  /** From the oldest on, up to the first that is kept: what one event costs stays the same however many there are. */
  private forget(nowMs: number): void {
    for (const [eventId, untilMs] of this.keptUntilMs) {
      if (untilMs > nowMs && this.keptUntilMs.size <= MOST) return;
      this.keptUntilMs.delete(eventId);
    }
  }
}
