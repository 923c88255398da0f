import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, type Logger } from '@plexsphere/service-kit';
import { CLOCK_SKEW_MS } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { Complaints } from './complaints';
import { clockOffsetMs } from './sql/database-clock';

const LOOK_EVERY_MS = 10_000;

/**
 * Compares this process's clock, which issued_at is, with the database's, which everything stored is. A relay that is far
 * off says nothing to anybody, and no signer would sign for it.
 */
@Injectable()
export class ClockWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly complaints: Complaints;
  private offsetMs = 0;
  private watching: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) logger: Logger,
    health: Health,
  ) {
    this.complaints = new Complaints(logger);
    health.check('clock', () => (this.isRight ? undefined : 'more than 30 s off the clock of the database'));
  }

  get isRight(): boolean {
    return Math.abs(this.offsetMs) <= CLOCK_SKEW_MS;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.look();
    this.watching = this.watch();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.look();
    }
  }

  private async look(): Promise<void> {
    try {
      this.offsetMs = await clockOffsetMs(this.database.manager);
      if (!this.isRight) this.complaints.warn('clock is off', 'skew');
    } catch {
      // A database that does not answer is the loop's to report; the clock has not changed for that.
    }
  }
}
