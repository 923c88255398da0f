import { Inject, Injectable } from '@nestjs/common';
import { stagedKey, type NextStep } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { ActivateChannelKey } from '../channels/activate-channel-key';
import { ringPolicy } from '../policies/policy-decisions';
import { ChangeDecisions, STANDBY_FOR_MS } from '../rings/change-decisions';
import type { Beside } from '../rings/change-ring';
import type { StoredRing } from '../rings/read-ring';
import { StageKey } from '../rings/stage-key';
import { RotationConfig } from '../rotation-config';
import { CloseRotation } from '../rotations/close-rotation';
import { OpenRotation } from '../rotations/open-rotation';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import { byItself, type RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { requireStillDue } from './due-step';
import { askPromotion, dropPromotion, takePromotion } from './promotions';

/** For how long after its propagation a key that the schedule has staged waits for its Nodes. */
const WAITS_FOR_NODES_MS = 7 * 86_400_000;

type Step<Name> = Extract<NextStep, { step: Name }>;
type OfKey = NextStep & { keyId: string };

/**
 * Does what the domain says is next, by the very commands that an operator has, and decided again under the ring's lock:
 * of two replicas, or of one and a person, exactly one wins. Nothing is forced.
 */
@Injectable()
export class TakeStep {
  constructor(
    private readonly staging: StageKey,
    private readonly opening: OpenRotation,
    private readonly closing: CloseRotation,
    private readonly activating: ActivateChannelKey,
    private readonly decisions: ChangeDecisions,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async take(step: NextStep, stored: StoredRing, now: Date): Promise<void> {
    const { scope } = stored.ring;
    switch (step.step) {
      case 'unstage':
        await this.staging.unstage({ scope, keyId: step.keyId, reason: step.reason }, byItself('signing.unstage'));
        return;
      case 'close':
        await this.close(scope, step);
        return;
      case 'promote':
        await this.promote(scope, step);
        return;
      case 'drop_promotion':
        await this.drop(scope, step);
        return;
      case 'stage':
        await this.stage(step, stored, now);
        return;
      case 'stage_standby':
        await this.stageStandby(step, stored, now);
        return;
      case 'rotate':
        await this.rotate(scope, step, step.keyId);
        return;
      case 'open':
        await this.rotate(scope, step, this.decisions.drawKeyId(stored, now));
        return;
      case 'activate':
        await this.activate(scope, step);
        return;
      // What a process that died has left, and the end of a rollback, are Resume's.
      case 'finish_switch':
      case 'destroy_keys':
      case 'settle':
      case 'wait':
        return;
    }
  }

  private async close(scope: Scope, step: Step<'close'>): Promise<void> {
    const requireDue = (manager: EntityManager) => requireStillDue(manager, scope, this.config, step);
    await this.closing.close({ scope, ...keysOf(step), force: false, requireDue }, byItself('signing.close'));
  }

  /** The time that is due is taken in the stage's own transaction: UNIQUE (scope, due_at) lets one have it. */
  private async stage(step: Step<'stage'>, stored: StoredRing, now: Date): Promise<void> {
    const { dueAt, reason } = step;
    const { scope } = stored.ring;
    const policy = ringPolicy(stored, this.config);
    const newKeyId = this.decisions.drawKeyId(stored, now);
    const rotateWithinMs = policy.propagationDelayMs + WAITS_FOR_NODES_MS;
    const identity = byItself('signing.stage');
    const beside: Beside = async (manager, { after, at }) => {
      await requireStillDue(manager, scope, this.config, step);
      const deadline = stagedKey(after.ring)?.rotateBy ?? at;
      await takeDueTime(manager, { scope, dueAt, keyId: newKeyId, at, identity });
      await askPromotion(manager, {
        ...{ scope, keyId: newKeyId, percent: policy.sharePercent, deadline, at },
        ...{ reason: `by schedule, due at ${dueAt.toISOString()}`, identity },
      });
    };
    const by = `by schedule, ${reason} at ${dueAt.toISOString()}`;
    await this.staging.stage({ scope, newKeyId, rotateWithinMs, reason: by, beside }, identity);
  }

  private async stageStandby(step: Step<'stage_standby'>, stored: StoredRing, now: Date): Promise<void> {
    const { scope } = stored.ring;
    const newKeyId = this.decisions.drawKeyId(stored, now);
    const beside: Beside = (manager) => requireStillDue(manager, scope, this.config, step);
    const staging = { scope, newKeyId, rotateWithinMs: STANDBY_FOR_MS, reason: step.reason, beside };
    await this.staging.stage(staging, byItself('signing.stage'));
  }

  /** To the standby, or to a new key that members prove first; the time that is due is taken as above. */
  private async rotate(scope: Scope, step: Step<'rotate' | 'open'>, keyId: string): Promise<void> {
    const { dueAt, reason } = step;
    const identity = byItself('signing.rotate');
    const beside: Beside = async (manager, { at }) => {
      await requireStillDue(manager, scope, this.config, step);
      await takeDueTime(manager, { scope, dueAt, keyId, at, identity });
    };
    const by = `by schedule, ${reason} at ${dueAt.toISOString()}`;
    await this.opening.open({ scope, newKeyId: keyId, reason: by, beside }, identity);
  }

  private async activate(scope: Scope, step: Step<'activate'>): Promise<void> {
    const beside: Beside = (manager) => requireStillDue(manager, scope, this.config, step);
    await this.activating.activate(scope, step.reason, beside);
  }

  private async promote(scope: Scope, step: OfKey): Promise<void> {
    const { keyId, reason } = step;
    const beside: Beside = async (manager, { at }) => {
      await requireStillDue(manager, scope, this.config, step);
      await takePromotion(manager, scope, keyId, at);
    };
    await this.opening.open({ scope, newKeyId: keyId, reason, beside }, byItself('signing.rotate'));
  }

  private async drop(scope: Scope, step: OfKey): Promise<void> {
    const { keyId, reason } = step;
    const identity = byItself('signing.drop-promotion');
    await this.transactions.once(identity, changing(scope), async (manager) => {
      await requireStillDue(manager, scope, this.config, step);
      const dropped = await dropPromotion(manager, scope, await databaseNow(manager), reason);
      if (!dropped) return { dropped };
      await writeAudit(manager, identity, { scope, before: { key_id: keyId }, detail: { reason } });
      this.logger.warn({ scope, kid: keyId, reason }, 'promotion dropped, nothing is switched');
      return { dropped };
    });
  }
}

const keysOf = ({ oldKeyId, newKeyId }: Step<'close'>) => ({ oldKeyId, newKeyId });

interface DueTime {
  scope: Scope;
  dueAt: Date;
  keyId: string;
  at: Date;
  identity: RequestIdentity;
}

const takeDueTime = (manager: EntityManager, { scope, dueAt, keyId, at, identity }: DueTime): Promise<unknown> =>
  manager.query(`INSERT INTO ring.schedule (scope, due_at, acted_at, key_id, request_id) VALUES ($1, $2, $3, $4, $5)`, [
    scope,
    dueAt,
    at,
    keyId,
    identity.requestId,
  ]);
