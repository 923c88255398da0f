import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BusServer } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { addRefusals } from './refusal-table';
import { RefusalCounter } from './refusal-counter';

const EVERY_MS = 1_000;

/** Writes down what was refused, once a second and one statement a time; while the database is away it goes on counting. */
@Injectable()
export class RefusalLog implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly counter = new RefusalCounter();
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly server: BusServer,
  ) {}

  onApplicationBootstrap(): void {
    this.server.observe({
      onRefused: ({ subject, code, detail }) => this.counter.note(subject, { code, detail }),
      onHeldBack: ({ actor, queue }) => this.counter.noteHeldBack(actor, queue),
    });
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await this.write();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.write();
    }
  }

  private async write(): Promise<void> {
    const counted = this.counter.take();
    if (counted.length === 0) return;
    // What fails here is told by whoever needed the database for more than a count.
    await addRefusals(this.database.manager, counted).catch(() => this.counter.giveBack(counted));
  }
}
