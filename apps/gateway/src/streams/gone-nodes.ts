import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { asInstant, askPrepared, prepared } from '@plexsphere/store/sql';
import { Pool } from 'pg';
import { EventStreams } from './event-streams';

/** Whoever is put out has no stream a second later, whatever of rotation and the bus was killed meanwhile. */
const LOOK_MS = 400;

/**
 * One walk down an index. A commit is seen later than the time that stands in it, and a stream may be opened by whoever was
 * let in a moment before: so it goes back by more than either takes, and ends nothing twice that is ended.
 */
const READ = prepared(`
  SELECT ${asInstant('clock_timestamp()')} AS "readAt",
         ARRAY(SELECT id FROM gateway.gone
                WHERE removed_at > coalesce($1::timestamptz, clock_timestamp()) - interval '15 seconds') AS ids`);

/** Ends the streams of Nodes that were removed or revoked: no Node is asked about by its stream. */
@Injectable()
export class GoneNodes implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readAt: string | null = null;

  constructor(
    private readonly database: Pool,
    private readonly streams: EventStreams,
    @Inject(LOGGER) logger: Logger,
  ) {
    const turn = () => this.look();
    this.loop = new Loop({ turn, everyMs: LOOK_MS, failure: 'Nodes that are gone not read', logger });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  private async look(): Promise<void> {
    if (this.streams.isEmpty) {
      // Whoever opens one later is looked up then.
      this.readAt = null;
      return;
    }
    const [read] = await askPrepared<{ readAt: string; ids: string[] }>(this.database, READ, [this.readAt]);
    if (read === undefined) return;
    for (const id of read.ids) this.streams.cut(id);
    this.readAt = read.readAt;
  }
}
