/**
 * What the application says of one ring's keys, for the next report. What a report has told leaves only when that report was
 * answered: an answer that is lost has it told again, with the same `period_from`. Bounded, whatever the application says.
 */
import { REPORT_LIMITS, isReason } from '@plexsphere/wire';
import type { KeyUse } from '@plexsphere/wire/commands';

/** Of what is no reason, or one too many. */
const OTHER = 'other';

export interface Used {
  period_from: string;
  period_seconds: number;
  last_signed: KeyUse | null;
  last_verified: KeyUse | null;
  alone: KeyUse[];
  refusals: Record<string, number>;
}

/** The wall clock, and one that nobody sets. */
export interface Clocks {
  now(): Date;
  monotonicMs(): number;
}

interface Moment {
  at: Date;
  monotonicMs: number;
}

export class UseCounts {
  private since: Moment;
  private lastSigned: KeyUse | null = null;
  private lastVerified: KeyUse | null = null;
  /** Key id → when last. */
  private readonly alone = new Map<string, string>();
  private readonly refusals = new Map<string, number>();

  constructor(private readonly clocks: Clocks) {
    this.since = this.moment();
  }

  signed(keyId: string): void {
    this.lastSigned = this.useOf(keyId);
  }

  verified(keyId: string, isAlone: boolean): void {
    const use = this.useOf(keyId);
    this.lastVerified = use;
    if (!isAlone) return;
    // Last is newest: of too many, which only a ring that has changed many times between two answers has, the oldest goes.
    this.alone.delete(keyId);
    this.alone.set(keyId, use.at);
    const [oldest] = this.alone.keys();
    if (this.alone.size > REPORT_LIMITS.keys && oldest !== undefined) this.alone.delete(oldest);
  }

  refused(reason: string): void {
    const isKnown = this.refusals.has(reason) || (isReason(reason) && this.refusals.size < REPORT_LIMITS.reasons - 1);
    const name = isKnown ? reason : OTHER;
    this.refusals.set(name, (this.refusals.get(name) ?? 0) + 1);
  }

  /**
   * What is to be told now, and what to do when that was answered. `withinMs`: how long it may be under way; counted in and
   * rounded up, since who receives it counts back from then, and a period must never seem to have begun later than it did.
   */
  tell(withinMs: number): { used: Used; answered: () => void } {
    const at = this.moment();
    const used: Used = {
      period_from: this.since.at.toISOString(),
      period_seconds: Math.min(REPORT_LIMITS.periodSeconds, Math.ceil((this.elapsedMs(at) + withinMs) / 1_000)),
      last_signed: this.lastSigned,
      last_verified: this.lastVerified,
      alone: [...this.alone].map(([key_id, last]) => ({ key_id, at: last })),
      refusals: Object.fromEntries(this.refusals),
    };
    return { used, answered: () => this.told(used, at) };
  }

  private told({ alone, refusals }: Used, at: Moment): void {
    this.since = at;
    for (const { key_id, at: last } of alone) if (this.alone.get(key_id) === last) this.alone.delete(key_id);
    for (const [reason, count] of Object.entries(refusals)) {
      const left = (this.refusals.get(reason) ?? 0) - count;
      if (left > 0) this.refusals.set(reason, left);
      else this.refusals.delete(reason);
    }
  }

  /** By the clock that says more: one may be set back, the other stand still while the machine sleeps. */
  private elapsedMs({ at, monotonicMs }: Moment): number {
    return Math.max(at.getTime() - this.since.at.getTime(), monotonicMs - this.since.monotonicMs);
  }

  private useOf(keyId: string): KeyUse {
    return { key_id: keyId, at: this.clocks.now().toISOString() };
  }

  private moment(): Moment {
    return { at: this.clocks.now(), monotonicMs: this.clocks.monotonicMs() };
  }
}
