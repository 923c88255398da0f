import { Inject, Injectable } from '@nestjs/common';
import { BusServer, LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import { DatabaseClock, readClocks } from './database-clock';
import { LEASE_HOLDER, type LeaseHolder } from './holder';
import { LeaseTable } from './lease-table';

/** A timer of Node's holds no more than 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Keeps this process in the queue groups of exactly those scopes that it holds a lease for, and in the one of all holders
 * while its clock is right: one that cannot serve would take requests from those who could answer them.
 */
@Injectable()
export class HeldScopes {
  private readonly held = new Map<Scope, number>();
  private hearsWithRightClock = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(LEASE_HOLDER) private readonly holder: LeaseHolder<unknown>,
    private readonly table: LeaseTable,
    private readonly clock: DatabaseClock,
    private readonly server: BusServer,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Joins and leaves, and looks again when the next lease ends. */
  update(): void {
    if (this.stopped) return;
    const now = readClocks();
    const heard = this.table.heard(now);
    for (const [scope, epoch] of this.held) if (!heard.has(scope)) this.lose(scope, epoch);
    for (const [scope, epoch] of heard) this.hold(scope, epoch);
    this.hearWithRightClock(this.clock.isRight);
    clearTimeout(this.timer);
    const endMs = this.table.nextEndMs(now);
    // One more than the rest of the lease: it has ended by then, whatever the timer rounds.
    if (endMs !== undefined) this.timer = setTimeout(() => this.update(), Math.min(endMs + 1, LONGEST_TIMER_MS));
  }

  /** The bus server has left all groups by itself; from now on nothing is joined. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Joins the queue group of that subject, or leaves it; a holder need not hear anything. */
  hear(join: boolean, subject: string | undefined): void {
    if (subject === undefined) return;
    if (join) this.server.join(subject);
    else this.server.leave(subject);
  }

  private hearWithRightClock(isRight: boolean): void {
    if (isRight === this.hearsWithRightClock) return;
    this.hearsWithRightClock = isRight;
    this.hear(isRight, this.holder.hears.withRightClock);
  }

  private hold(scope: Scope, epoch: number): void {
    if (!this.held.has(scope)) {
      this.hear(true, this.holder.hears.ofScope?.(scope));
      this.logger.info({ scope, epoch }, 'lease held');
    }
    this.held.set(scope, epoch);
  }

  private lose(scope: Scope, epoch: number): void {
    this.hear(false, this.holder.hears.ofScope?.(scope));
    this.held.delete(scope);
    this.logger.warn({ scope, epoch }, 'lease lost');
  }
}
