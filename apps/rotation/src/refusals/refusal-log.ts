import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BusServer, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { addRefusals } from './refusal-table';
import { RefusalCounter } from './refusal-counter';

const EVERY_MS = 1_000;

/** Writes down what was refused, once a second and one statement a time; while the database is away it goes on counting. */
@Injectable()
export class RefusalLog implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly counter = new RefusalCounter();
  private readonly loop: Loop;

  constructor(
    private readonly database: DataSource,
    private readonly server: BusServer,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.loop = new Loop({ turn: () => this.write(), everyMs: EVERY_MS, failure: 'refusals not written', logger });
  }

  onApplicationBootstrap(): void {
    this.server.observe({
      onRefused: (refused) => this.counter.note(refused),
      onHeldBack: ({ actor, queue }) => this.counter.noteHeldBack(actor, queue),
    });
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await this.write();
  }

  private async write(): Promise<void> {
    const counted = this.counter.take();
    if (counted.length === 0) return;
    // Not logged here: while the database is away, the commands themselves tell of it.
    await addRefusals(this.database.manager, counted).catch(() => this.counter.giveBack(counted));
  }
}
