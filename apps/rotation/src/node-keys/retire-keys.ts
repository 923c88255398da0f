import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { MOST_ENDED_KEYS, countStaying } from './require-room';

const TURN_MS = 5_000;
/** In one statement, so that none is long. */
const AT_ONCE = 500;

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
    await whileMany(() => retireOver(this.database.manager));
    await whileMany(() => forgetFormer(this.database.manager));
    this.contested = await countContested(this.database.manager);
    this.isFull = (await countStaying(this.database.manager)) >= MOST_ENDED_KEYS;
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

async function countContested(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<[{ count: number }]>(
    `SELECT count(*)::int AS count FROM ring.node WHERE contested_at IS NOT NULL AND state = 'enrolled'`,
  );
  return row.count;
}
