import { Inject, Injectable } from '@nestjs/common';
import { BusServer, LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import { readClocks } from './clocks';
import { DatabaseClock } from './database-clock';
import { LeaseTable } from './lease-table';

/** A timer of Node's holds no more than 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** What signs for no scope. Credentials carry the time of their making, so it takes a clock that is right. */
const ANY_SIGNER = 'signer.any.*';

const subjectsOf = (scope: Scope): string => `signer.scope.${scope}.*`;

/**
 * Keeps this process in the queue groups of exactly those scopes that it holds a lease for, and in the one of all signers
 * while its clock is right: a signer that cannot serve would take requests from those who could answer them.
 */
@Injectable()
export class ScopeMembership {
  private readonly joined = new Map<Scope, number>();
  private joinedAny = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
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
    for (const [scope, epoch] of this.joined) if (!heard.has(scope)) this.leave(scope, epoch);
    for (const [scope, epoch] of heard) this.join(scope, epoch);
    this.serveAny(this.clock.isRight);
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

  private serveAny(serve: boolean): void {
    if (serve === this.joinedAny) return;
    this.joinedAny = serve;
    if (serve) this.server.join(ANY_SIGNER);
    else this.server.leave(ANY_SIGNER);
  }

  private join(scope: Scope, epoch: number): void {
    if (!this.joined.has(scope)) {
      this.server.join(subjectsOf(scope));
      this.logger.info({ scope, epoch }, 'lease held');
    }
    this.joined.set(scope, epoch);
  }

  private leave(scope: Scope, epoch: number): void {
    this.server.leave(subjectsOf(scope));
    this.joined.delete(scope);
    this.logger.warn({ scope, epoch }, 'lease lost');
  }
}
