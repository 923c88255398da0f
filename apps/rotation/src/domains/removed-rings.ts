import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Loop, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import type { DestroyRing, RemoveDomainReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';
import type { MadeEpoch } from '../rotations/after-commit';
import { EpochSwitch } from '../rotations/epoch-switch';
import { WorkLeft, untilTogether } from '../work/work-left';

const TURN_MS = 2_000;

/** One turn's worth: the rest waits for the next. */
const AT_ONCE = 20;

/**
 * What follows the commit that removed a ring: the switch, then the destruction of its private halves, which is recorded.
 * Every replica looks for those that are not finished, at boot and every 2 s; each may be done twice without harm.
 */
@Injectable()
export class RemovedRings implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly log: ThrottledLog;
  /** The last one of the turn before: as many as fit a turn, and cannot be finished, keep nobody else from theirs. */
  private after = '';

  constructor(
    private readonly database: DataSource,
    private readonly work: WorkLeft,
    private readonly switching: EpochSwitch,
    private readonly signers: Signers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.log = new ThrottledLog(logger);
    const failure = 'removed rings not looked for';
    this.loop = new Loop({ turn: () => this.turn(), everyMs: TURN_MS, failure, logger });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** `epoch` is the one that the removal made. Never fails: what is left is found by the next turn, of any replica. */
  async finish({ scope, epoch }: MadeEpoch): Promise<Pick<RemoveDomainReply, 'lapsed' | 'keys_destroyed'>> {
    const { lapsed } = await this.switching.complete(scope, epoch);
    return { lapsed, keys_destroyed: await this.destroyKeys(scope) };
  }

  private async turn(): Promise<number> {
    if ((await this.work.find()).removals) await this.finishAll();
    return untilTogether(TURN_MS);
  }

  async finishAll(): Promise<void> {
    const unfinished = await this.database.query<MadeEpoch[]>(
      `SELECT scope, epoch::float8 AS epoch FROM ring.key_ring
        WHERE removed_at IS NOT NULL AND keys_destroyed_at IS NULL AND scope > $1 ORDER BY scope LIMIT ${AT_ONCE}`,
      [this.after],
    );
    this.after = unfinished.length < AT_ONCE ? '' : (unfinished.at(-1)?.scope ?? '');
    // Side by side: one that waits for a lease to run out holds up no other.
    await Promise.all(unfinished.map((removed) => this.finish(removed)));
  }

  /** Only after the switch: a signer refuses while it holds the ring. */
  private async destroyKeys(scope: string): Promise<boolean> {
    try {
      await this.signers.askAny('destroy-ring', { scope } satisfies DestroyRing);
      await this.database.query(
        `UPDATE ring.key_ring SET keys_destroyed_at = clock_timestamp() WHERE scope = $1 AND removed_at IS NOT NULL`,
        [scope],
      );
      this.logger.info({ scope }, 'keys of a removed ring destroyed');
      return true;
    } catch (err) {
      this.log.warn({ err, scope }, 'keys of a removed ring not destroyed yet', scope);
      return false;
    }
  }
}
