import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { forgetUsedAssertions } from '../clients/used-assertions';
import { forgetOldEnrolTokens } from '../enrolment/enrol-token';
import { LeaseBook } from '../leases/lease-book';
import { forgetOldRefusals } from '../refusals/refusal-table';
import { forgetOldAnswers } from '../transactions/requests';
import { WorkLeft, untilTogether } from '../work/work-left';
import { PreparedKeys } from './prepared-keys';
import { AfterCommit } from './after-commit';
import { SettleRollbacks } from './settle-rollbacks';

const TURN_MS = 2_000;

/**
 * Every replica, at boot and every 2 s: whatever a process that died left between a commit and its end is finished. That
 * writes no outbox row and sends no Node anything, so an open transition survives any restart unseen. The end of a
 * rollback's settling is a change of the ring by itself, and told as a close is.
 */
@Injectable()
export class ResumeLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly underWay = new Map<string, Promise<void>>();
  private databaseState: string | undefined = 'not looked at yet';
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly work: WorkLeft,
    private readonly afterCommit: AfterCommit,
    private readonly leases: LeaseBook,
    private readonly preparedKeys: PreparedKeys,
    private readonly settling: SettleRollbacks,
    @Inject(LOGGER) private readonly logger: Logger,
    health: Health,
  ) {
    health.check('database', () => this.databaseState);
    const turn = () => this.turn();
    this.loop = new Loop({ turn, everyMs: TURN_MS, failure: 'resume turn failed', logger });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await Promise.all([...this.underWay.values(), this.sweeping, this.settling.atRest()]);
  }

  private async turn(): Promise<number> {
    try {
      const { manager } = this.database;
      const left = await this.work.find();
      if (left.unfinished) for (const scope of await this.findUnfinished()) this.resume(scope);
      if (left.settling) this.settling.settleDue();
      await this.leases.sweep();
      if (left.answers) await forgetOldAnswers(manager);
      if (left.refusals) await forgetOldRefusals(manager);
      if (left.enrolTokens) await forgetOldEnrolTokens(manager);
      if (left.assertions) await forgetUsedAssertions(manager);
      // Asks signers, and nothing here should wait for them.
      if (left.preparedKeys) this.sweeping = this.preparedKeys.sweep();
      this.databaseState = undefined;
      return untilTogether(TURN_MS);
    } catch (error) {
      this.databaseState = 'not answering';
      throw error;
    }
  }

  /**
   * Scopes whose last change is not known to have been switched, or where something is left that the switch was waited for
   * with: what left the ring is destroyed by either. By the indexes unswitched_change and doomed_key.
   */
  private findUnfinished(): Promise<Unfinished[]> {
    return this.database.query<Unfinished[]>(
      `SELECT scope, max(epoch)::float8 AS epoch FROM ring.ring_change WHERE switched_at IS NULL GROUP BY scope
       UNION ALL
       SELECT DISTINCT scope, NULL::float8 FROM ring.signing_key AS key
        WHERE state IN ('retired', 'revoked') AND destroyed_at IS NULL
          AND NOT EXISTS (SELECT FROM ring.ring_change AS c WHERE c.scope = key.scope AND c.switched_at IS NULL)`,
    );
  }

  /** Each scope on its own: one that waits for a lease to run out never holds up another. */
  private resume({ scope, epoch }: Unfinished): void {
    if (this.underWay.has(scope)) return;
    const step = epoch === null ? 'destroy private halves' : 'finish the switch';
    this.logger.info({ scope, epoch, step }, 'resuming');
    const work = (epoch === null ? this.afterCommit.destroyGone(scope) : this.afterCommit.finish({ scope, epoch }))
      .then(() => undefined)
      .catch((err: unknown) => this.logger.warn({ err, scope, step }, 'not finished yet'))
      .then(() => void this.underWay.delete(scope));
    this.underWay.set(scope, work);
  }
}

interface Unfinished {
  scope: Scope;
  /** null: all is switched. */
  epoch: number | null;
}
