import { Injectable } from '@nestjs/common';
import type { Clocks } from '@plexsphere/keyring';
import { Health } from '@plexsphere/service-kit';
import { CLOCK_SKEW_MS } from '@plexsphere/wire';

/** Both clocks of this process: the monotonic one sleeps while some machines do, the wall clock jumps. */
export const readClocks = (): Clocks => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/**
 * How far this process' clock is from the database's, as the answers to renewals tell it. A holder whose clock is wrong
 * holds nothing: what a signer signed then a Node would refuse, or take for five minutes longer what should be over.
 */
@Injectable()
export class DatabaseClock {
  private offMs: number | undefined;

  constructor(health: Health) {
    health.check('clock', () => (this.offByMs === undefined ? undefined : `${this.said} the clock of the database`));
  }

  /**
   * `now` is what the database's clock said at some time between question and answer, so its best place is the middle.
   * @throws Error where it is no time
   */
  measured(askedWallMs: number, answeredWallMs: number, now: string): void {
    const offMs = Math.round((askedWallMs + answeredWallMs) / 2 - Date.parse(now));
    if (!Number.isSafeInteger(offMs)) throw new Error('now is no time');
    this.offMs = offMs;
  }

  /** Known, and near enough. */
  get isRight(): boolean {
    return this.offMs !== undefined && Math.abs(this.offMs) <= CLOCK_SKEW_MS;
  }

  /** Where it is wrong, how far this process' clock is ahead of the database's. */
  get offByMs(): number | undefined {
    return this.isRight ? undefined : this.offMs;
  }

  /** The database's now, to within half a round trip of the last renewal. */
  now(): Date {
    return new Date(Date.now() - (this.offMs ?? 0));
  }

  private get said(): string {
    const offMs = this.offMs ?? 0;
    return `${Math.round(Math.abs(offMs) / 1_000)} s ${offMs > 0 ? 'ahead of' : 'behind'}`;
  }
}
