import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { unfinishedStep, type UnfinishedStep } from '@plexsphere/keyring';
import { Health, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { TransitionEntity } from '@plexsphere/store';
import { DataSource } from 'typeorm';
import { LeaseBook } from '../leases/lease-book';
import { forgetOldRefusals } from '../refusals/refusal-table';
import { forgetOldAnswers } from '../transactions/requests';
import { PreparedKeys } from './prepared-keys';
import { AfterCommit } from './after-commit';

const TURN_MS = 2_000;

/**
 * Every replica, at boot and every 2 s: whatever a process that died left between a commit and its end is finished. It
 * writes no outbox row and sends no Node anything, so an open transition survives any restart unseen.
 */
@Injectable()
export class ResumeLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly underWay = new Map<string, Promise<void>>();
  private databaseState: string | undefined = 'not looked at yet';
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly afterCommit: AfterCommit,
    private readonly leases: LeaseBook,
    private readonly preparedKeys: PreparedKeys,
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
    await Promise.all([...this.underWay.values(), this.sweeping]);
  }

  private async turn(): Promise<void> {
    try {
      for (const transition of await this.findUnfinished()) this.resume(transition);
      await this.leases.sweep();
      await forgetOldAnswers(this.database.manager);
      await forgetOldRefusals(this.database.manager);
      // Asks signers, and nothing here should wait for them.
      this.sweeping = this.preparedKeys.sweep();
      this.databaseState = undefined;
    } catch (error) {
      this.databaseState = 'not answering';
      throw error;
    }
  }

  /** The predicate of the index unfinished_transition. */
  private findUnfinished(): Promise<TransitionEntity[]> {
    return this.database
      .createQueryBuilder(TransitionEntity, 'transition')
      .where('(outcome IS NULL AND switched_at IS NULL)')
      .orWhere('(outcome IS NOT NULL AND (end_switched_at IS NULL OR old_key_destroyed_at IS NULL))')
      .getMany();
  }

  /** Each transition on its own: one that waits for a lease to run out never holds up another scope's. */
  private resume(transition: TransitionEntity): void {
    const step = unfinishedStep(transition);
    if (step === null || this.underWay.has(transition.id)) return;
    const { scope, openedEpoch } = transition;
    this.logger.info(
      { scope, epoch: transition.endedEpoch ?? openedEpoch, step: step.step, reason: step.reason },
      'resuming',
    );
    const work = this.take(step, transition)
      .catch((err: unknown) => this.logger.warn({ err, scope, step: step.step }, 'not finished yet'))
      .then(() => void this.underWay.delete(transition.id));
    this.underWay.set(transition.id, work);
  }

  private async take(
    { step }: UnfinishedStep,
    { scope, oldKeyId, openedEpoch, endedEpoch }: TransitionEntity,
  ): Promise<void> {
    if (step === 'finish_switch') await this.afterCommit.finishSwitch({ scope, epoch: openedEpoch });
    if (endedEpoch === null) return;
    if (step === 'finish_close_switch') await this.afterCommit.finishCloseSwitch({ scope, epoch: endedEpoch });
    if (step === 'destroy_old_key') await this.afterCommit.destroyOldKey({ scope, epoch: endedEpoch, oldKeyId });
  }
}
