import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { Counters } from '../counters';
import { RelayConfig } from '../relay-config';
import { deleteKeyMessages } from './delete-key-messages';
import { deleteSettled } from './delete-settled';
import { expireMessages } from './expire-messages';
import { settleRemoved } from './settle-removed';

const COUNT_EVERY_MS = 10_000;
const DELETE_EVERY_MS = 60_000;

/** Now and then: what waited too long expires, what was settled long ago is deleted, what was done is counted in the log. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly counting: Loop;
  private readonly deleting: Loop;

  constructor(
    private readonly database: DataSource,
    private readonly config: RelayConfig,
    private readonly counters: Counters,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const count = async (): Promise<void> => this.count();
    this.counting = new Loop({ turn: count, everyMs: COUNT_EVERY_MS, failure: 'not counted', logger });
    this.deleting = new Loop({
      turn: (stopping) => this.deleteOld(stopping),
      everyMs: DELETE_EVERY_MS,
      failure: 'settled messages not deleted',
      logger,
    });
  }

  onApplicationBootstrap(): void {
    this.counting.start(COUNT_EVERY_MS);
    this.deleting.start(DELETE_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.counting.stop(), this.deleting.stop()]);
    this.count();
  }

  private count(): void {
    const counts = this.counters.take();
    if (counts !== undefined) this.logger.debug(counts, 'counted');
  }

  private async deleteOld(stopping: AbortSignal): Promise<void> {
    await this.expireOld(stopping);
    await settleRemoved(this.database.manager);
    await deleteKeyMessages(this.database.manager, this.config.eventRetentionMs, stopping);
    while (!stopping.aborted && (await deleteSettled(this.database.manager, this.config.eventRetentionMs)));
  }

  /** What waited too long for Nodes that are away: all of it, or the longest absent would grow the outbox for ever. */
  private async expireOld(stopping: AbortSignal): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.database.transaction('READ COMMITTED', (manager) =>
        expireMessages(manager, this.config.eventRetentionMs, after),
      );
      if (page.expired > 0) this.counters.add('expired', page.expired);
      after = page.next;
    } while (after !== undefined && !stopping.aborted);
  }
}
