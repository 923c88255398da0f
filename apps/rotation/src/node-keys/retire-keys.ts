import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { askPrepared, prepared } from '@plexsphere/store';
import { DataSource, type EntityManager } from 'typeorm';
import { COUNT_STAYING, MOST_ENDED_KEYS } from './require-room';

const TURN_MS = 5_000;
/** In one statement, so that none is long. */
const AT_ONCE = 500;

interface Found {
  retires: boolean;
  forgets: boolean;
  contested: number;
  staying: number;
}

/** All that a turn wants to know, each by an index of those alone that it is about. */
const LOOK = prepared(`
  SELECT EXISTS (SELECT FROM ring.node_key WHERE state = 'retiring' AND retiring_until <= statement_timestamp()) AS retires,
         EXISTS (SELECT FROM ring.node_key WHERE former_until <= statement_timestamp()) AS forgets,
         (SELECT count(*)::int FROM ring.node WHERE contested_at IS NOT NULL AND state = 'enrolled') AS contested,
         (${COUNT_STAYING}) AS staying`);

/**
 * Has the tables say what is so: whose overlap is over is retired, and a token that was given up is gone. Nothing waits for
 * it: what the bus refuses from when on was entered when it was decided. And warns of contested Nodes, and while no key changes.
 */
@Injectable()
export class RetireKeys implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private contested = 0;
  private isFull = false;

  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) logger: Logger,
    health: Health,
  ) {
    health.warn('node keys', () =>
      this.contested === 0 ? undefined : `${this.contested} contested: status names them`,
    );
    health.warn('revocation list', () => (this.isFull ? 'full: no Node changes its key' : undefined));
    this.loop = new Loop({ turn: () => this.turn(), everyMs: TURN_MS, failure: 'node keys not retired', logger });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  async turn(): Promise<void> {
    const [found] = await askPrepared<Found>(this.database, LOOK, []);
    if (found === undefined) return;
    if (found.retires) await whileMany(() => retireOver(this.database.manager));
    if (found.forgets) await whileMany(() => forgetFormer(this.database.manager));
    this.contested = found.contested;
    this.isFull = found.staying >= MOST_ENDED_KEYS;
  }
}

async function whileMany(take: () => Promise<number>): Promise<void> {
  while ((await take()) === AT_ONCE);
}

/** By the index of those alone that retire. Whoever is at one of them decides about it. */
async function retireOver(manager: EntityManager): Promise<number> {
  const [, count] = await manager.query<[unknown[], number]>(
    `UPDATE ring.node_key SET state = 'retired', retiring_until = NULL
      WHERE (node_id, generation) IN (
        SELECT node_id, generation FROM ring.node_key
         WHERE state = 'retiring' AND retiring_until <= (SELECT clock_timestamp())
         LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)`,
  );
  return count;
}

async function forgetFormer(manager: EntityManager): Promise<number> {
  const [, count] = await manager.query<[unknown[], number]>(
    `UPDATE ring.node_key SET former_token_iat = NULL, former_until = NULL
      WHERE (node_id, generation) IN (
        SELECT node_id, generation FROM ring.node_key WHERE former_until <= (SELECT clock_timestamp())
         LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)`,
  );
  return count;
}
