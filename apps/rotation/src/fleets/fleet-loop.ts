import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nextFleetStep } from '@plexsphere/keyring';
import { Bus, LOGGER, Loop, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { subjects, type NodeOrder } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { databaseNow } from '../transactions/database-clock';
import { WorkLeft, untilTogether } from '../work/work-left';
import { TakeFleetStep, lockDueFleet, putOff, type Nudges } from './take-fleet-step';

const TURN_MS = 1_000;
/** One that could not be taken a step further gives way to others for so long. */
const AGAIN_AFTER_MS = 5_000;
const FORGET_EVERY_MS = 3_600_000;
const KEPT_FOR = `interval '90 days'`;

/**
 * In every replica: takes the runs that are due a step further, each under its row's lock, which the other replicas skip,
 * and tells the Nodes of a wave once it is committed.
 */
@Injectable()
export class FleetLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly troubles: ThrottledLog;
  private forgotAtMs = -Infinity;

  constructor(
    private readonly database: DataSource,
    private readonly work: WorkLeft,
    private readonly steps: TakeFleetStep,
    private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.troubles = new ThrottledLog(logger);
    this.loop = new Loop({
      turn: (stopping) => this.look(stopping),
      everyMs: TURN_MS,
      failure: 'fleet runs not looked at',
      logger,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** A run was begun, or goes on. */
  wake(): void {
    this.work.forget();
    this.loop.wake();
  }

  /** As a rule there is none, and that is to cost no transaction. */
  private async look(stopping: AbortSignal): Promise<number> {
    if ((await this.work.find()).fleets || this.forgetsNow) await this.turn(stopping);
    return untilTogether(TURN_MS);
  }

  private get forgetsNow(): boolean {
    return performance.now() - this.forgotAtMs >= FORGET_EVERY_MS;
  }

  async turn(stopping?: AbortSignal): Promise<void> {
    while (stopping?.aborted !== true && (await this.advance()));
    if (!this.forgetsNow) return;
    await this.database.query(
      `DELETE FROM ring.fleet_run WHERE state <> 'running' AND coalesce(ended_at, created_at) < clock_timestamp() - ${KEPT_FOR}`,
    );
    this.forgotAtMs = performance.now();
  }

  /** Whether there was one. */
  private async advance(): Promise<boolean> {
    let run: string | undefined;
    try {
      const nudges = await this.database.transaction('READ COMMITTED', async (manager) => {
        const fleet = await lockDueFleet(manager);
        run = fleet?.id;
        if (fleet === undefined) return null;
        const now = await databaseNow(manager);
        const next = nextFleetStep(fleet, now);
        const told = await this.steps.take(manager, fleet, next, now);
        await putOff(manager, fleet.id, now);
        if (next.step !== 'wait') this.logger.info({ run, ...next, nodes: told?.nodeIds.length }, 'fleet run advanced');
        return told;
      });
      if (nudges !== null) this.tell(nudges);
    } catch (err) {
      if (run === undefined) throw err;
      this.troubles.warn({ err, run }, 'fleet run not advanced, tried again later', run);
      await this.database.query(
        `UPDATE ring.fleet_run SET due_at = clock_timestamp() + $2 * interval '1 ms' WHERE id = $1`,
        [run, AGAIN_AFTER_MS],
      );
    }
    return run !== undefined;
  }

  /** Lost where the bus is away: whoever connects asks anyhow, and those who are still waited for are told again. */
  private tell({ run, expiresAt, nodeIds }: Nudges): void {
    const order: NodeOrder = { run, expires_at: expiresAt.toISOString() };
    try {
      for (const nodeId of nodeIds) this.bus.publish(subjects.nodeOrder(nodeId), order);
    } catch (err) {
      this.troubles.warn({ err, run }, 'fleet run: Nodes not told', run);
    }
  }
}
