import { outlasting } from './lease';

/** A lease of an earlier epoch that may be alive, as the table has it. */
export interface EarlierLease {
  readonly holder: string;
  /** As it was granted. */
  readonly leaseMs: number;
}

/**
 * When a switch is over: nobody accepts a fresh signature by an earlier epoch any more. No clock of its own; times are
 * the waiting process' monotonic milliseconds.
 *
 * - Whoever began a lease of an earlier epoch did so before the commit, and signs only what is accepted before that lease
 *   ends. So after L from the commit it is over for everybody: leases that ran out need no D beside it.
 * - Where a look finds nobody left, no lease of an earlier epoch can begin again. What was answered in the instant before
 *   the last one confirmed is accepted for D, so it is over once more than D has passed, or L, whichever ends first.
 */
export class SwitchWait {
  private leaseMs: number;
  private readonly signingDurationMs: number;
  private clearSinceMs: number | undefined;
  private left: string[] = [];

  /** `committedMs` is not before the commit. */
  constructor(
    private readonly committedMs: number,
    terms: { leaseMs: number; signingDurationMs: number },
  ) {
    this.leaseMs = terms.leaseMs;
    this.signingDurationMs = terms.signingDurationMs;
  }

  /** What a look at the table found, and when its answer was there. */
  look(nowMs: number, earlier: readonly EarlierLease[]): void {
    this.leaseMs = Math.max(this.leaseMs, ...earlier.map(({ leaseMs }) => leaseMs));
    this.left = earlier.map(({ holder }) => holder);
    if (earlier.length === 0) this.clearSinceMs ??= nowMs;
  }

  /** Whether a look has found nobody: another one would say the same. */
  get isClear(): boolean {
    return this.clearSinceMs !== undefined;
  }

  /** As far as is known: a look may bring it nearer, or show a longer lease. */
  get endsAtMs(): number {
    const lapsedMs = this.committedMs + outlasting(this.leaseMs);
    if (this.clearSinceMs === undefined) return lapsedMs;
    return Math.min(lapsedMs, this.clearSinceMs + outlasting(this.signingDurationMs));
  }

  /** Whose lease had to run out: those whom the last look still found. */
  get lapsed(): readonly string[] {
    return this.left;
  }
}
