import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, Loop, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { CLOCK_SKEW_MS } from '@plexsphere/wire';
import { DataSource } from 'typeorm';

const LOOK_EVERY_MS = 10_000;

/**
 * Compares this process's clock, which issued_at is, with the database's, which everything stored is. A relay that is far
 * off sends nothing to anybody, and no signer would sign for it.
 */
@Injectable()
export class ClockWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private offsetMs = 0;

  constructor(
    private readonly database: DataSource,
    private readonly log: ThrottledLog,
    @Inject(LOGGER) logger: Logger,
    health: Health,
  ) {
    this.loop = new Loop({ turn: () => this.look(), everyMs: LOOK_EVERY_MS, failure: 'clock not compared', logger });
    health.check('clock', () => (this.isRight ? undefined : 'more than 30 s off the clock of the database'));
  }

  get isRight(): boolean {
    return Math.abs(this.offsetMs) <= CLOCK_SKEW_MS;
  }

  /** The first look comes before anything is claimed. A database that does not answer it is looked at again. */
  async onApplicationBootstrap(): Promise<void> {
    await this.look().catch(() => undefined);
    this.loop.start(LOOK_EVERY_MS);
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  private async look(): Promise<void> {
    this.offsetMs = await clockOffsetMs(this.database);
    if (!this.isRight) this.log.warn({ reason: 'skew' }, 'clock is off');
  }
}

/** How far this process's clock is ahead of the database's, in milliseconds, to within the round trip. */
async function clockOffsetMs(database: DataSource): Promise<number> {
  const askedAtMs = Date.now();
  const [row] = await database.query<[{ now_ms: number }]>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS now_ms`,
  );
  return (askedAtMs + Date.now()) / 2 - row.now_ms;
}
