import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { Counters } from '../counters';
import { RelayConfig } from '../relay-config';
import { deleteSettled } from './delete-settled';
import { expireMessages } from './expire-messages';
import { settleRemoved } from './settle-removed';

const COUNT_EVERY_MS = 10_000;
const DELETE_EVERY_MS = 60_000;

/** Now and then: what waited too long expires, what was settled long ago is deleted, and what was done is counted into the log. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private working: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly config: RelayConfig,
    private readonly counters: Counters,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.working = Promise.all([
      this.every(COUNT_EVERY_MS, async () => this.count()),
      this.every(DELETE_EVERY_MS, () => this.deleteOld()),
    ]);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.working;
    this.count();
  }

  private async every(pauseMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await work();
    }
  }

  private count(): void {
    const counts = this.counters.take();
    if (counts !== undefined) this.logger.debug(counts, 'counted');
  }

  private async deleteOld(): Promise<void> {
    try {
      await this.expireOld();
      await settleRemoved(this.database.manager);
      while (
        !this.stopping.signal.aborted &&
        (await deleteSettled(this.database.manager, this.config.eventRetentionMs))
      );
    } catch (err) {
      this.logger.warn({ err }, 'settled messages not deleted');
    }
  }

  /** What waited too long for Nodes that are away: all of it, or the longest absent would grow the outbox for ever. */
  private async expireOld(): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.database.transaction('READ COMMITTED', (manager) =>
        expireMessages(manager, this.config.eventRetentionMs, after),
      );
      if (page.expired > 0) this.counters.add('expired', page.expired);
      after = page.next;
    } while (after !== undefined && !this.stopping.signal.aborted);
  }
}
