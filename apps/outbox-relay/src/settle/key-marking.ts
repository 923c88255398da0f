import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { markKeys } from './mark-keys';

/** What this process writes down wakes it; what others do, also one that died behind it, is found by looking. Nobody waits for that. */
const LOOK_EVERY_MS = 5_000;
/** Those that come together are marked together. */
const GATHER_MS = 50;

/** Marks messages of key events as settled, behind what has settled them. */
@Injectable()
export class KeyMarking implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(database: DataSource, @Inject(LOGGER) logger: Logger) {
    this.loop = new Loop({
      turn: async () => ((await markKeys(database)) ? 0 : LOOK_EVERY_MS),
      everyMs: LOOK_EVERY_MS,
      gatherMs: () => GATHER_MS,
      failure: 'key messages not marked',
      logger,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** Something was written down. */
  wake(): void {
    this.loop.wake();
  }
}
