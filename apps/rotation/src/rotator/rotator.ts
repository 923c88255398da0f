import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { NextStep } from '@plexsphere/keyring';
import { LOGGER, Loop, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { Problem, type ProblemName, type Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { KindPolicies } from '../policies/kind-policies';
import { ringPolicy } from '../policies/policy-decisions';
import { inTurn } from '../rings/in-turn';
import { RotationConfig } from '../rotation-config';
import { readSnapshot } from '../transactions/database-clock';
import { findDue, type Due } from './due-step';
import { forgetFailure, forgetFailuresBut, recordFailure } from './failures';
import { findCandidates } from './find-candidates';
import { TakeStep } from './take-step';

const TURN_MS = 2_000;
/** Each waits for signers and leases far more than it works. */
const AT_ONCE = 16;
/** What a ring's own decisions forbid stays so for long. */
const KINDS_EVERY_MS = 60_000;

/**
 * In every replica: looks what is due and does it, each scope on its own. What it cannot do is written down, for status
 * and for the other replicas, and tried again ever later. It takes nothing from readiness: rotation by hand goes on.
 */
@Injectable()
export class Rotator implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly underWay = new Map<Scope, Promise<void>>();
  private lastBegun: Scope | undefined;
  private readonly troubles: ThrottledLog;
  private kindsAtMs = -Infinity;

  constructor(
    private readonly database: DataSource,
    private readonly steps: TakeStep,
    private readonly kinds: KindPolicies,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.troubles = new ThrottledLog(logger);
    this.loop = new Loop({ turn: () => this.turn(), everyMs: TURN_MS, failure: 'rotator turn failed', logger });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await this.atRest();
  }

  /** What was begun has ended. */
  async atRest(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  /** Begins what is due, and waits for none of it: a scope that takes long holds up no other. */
  async turn(): Promise<void> {
    await this.applyKinds();
    const { candidates, failed } = await findCandidates(this.database, this.config);
    if (failed.some(({ scope }) => !candidates.includes(scope)))
      await forgetFailuresBut(this.database.manager, candidates);
    const waiting = new Set(failed.filter(({ waits }) => waits).map(({ scope }) => scope));
    // There may be nothing to do in a candidate for days: its Nodes are off.
    for (const scope of inTurn(candidates, this.lastBegun)) {
      if (this.underWay.size >= AT_ONCE) return;
      if (waiting.has(scope) || this.underWay.has(scope)) continue;
      this.lastBegun = scope;
      this.begin(scope);
    }
  }

  /** What a change has made due is done at once, and not at the next turn. Nobody waits for it. */
  lookAt(scope: Scope): void {
    if (this.underWay.size < AT_ONCE && !this.underWay.has(scope)) this.begin(scope);
  }

  private begin(scope: Scope): void {
    this.underWay.set(
      scope,
      this.advance(scope).finally(() => this.underWay.delete(scope)),
    );
  }

  /** What the domain says is next; null where nothing is. */
  due(scope: Scope): Promise<Due | null> {
    return readSnapshot(this.database, (manager, now) => findDue(manager, scope, this.config, now));
  }

  private async advance(scope: Scope): Promise<void> {
    let step: NextStep['step'] | 'look' = 'look';
    try {
      const due = await this.due(scope);
      if (due === null) return;
      step = due.step.step;
      await this.steps.take(due.step, due.stored, due.now);
      await forgetFailure(this.database.manager, scope);
      // The next standby comes at once: until then there is nothing to rotate to.
      if (step === 'unstage' && ringPolicy(due.stored, this.config).standby) await this.advance(scope);
    } catch (error) {
      await this.fail(scope, step, error);
    }
  }

  private async fail(scope: Scope, step: string, error: unknown): Promise<void> {
    if (wasOvertaken(error)) {
      this.logger.info({ scope, step, reason: (error as Error).message }, 'somebody was there first');
      return;
    }
    this.troubles.warn({ err: error, scope, step }, 'not done by itself, tried again later', `${scope} ${step}`);
    await recordFailure(this.database.manager, { scope, step, error }).catch((err: unknown) =>
      this.troubles.warn({ err, scope }, 'failure not recorded', scope),
    );
  }

  private async applyKinds(): Promise<void> {
    if (performance.now() - this.kindsAtMs < KINDS_EVERY_MS) return;
    this.kindsAtMs = performance.now();
    // With ten thousand rings of a kind there is not time for all in one turn.
    if (await this.kinds.applyLacking()) this.kindsAtMs = -Infinity;
  }
}

/** What a ring refuses that a person, or another replica, has changed in between: the next turn looks anew. */
const OVERTAKEN: readonly ProblemName[] = [
  ...(['rotationInProgress', 'rollbackSettling', 'anotherKeyStaged', 'stagedKeyExpired', 'keyNotStaged'] as const),
  ...(['notPropagatedYet', 'noOpenRotation', 'transitionMismatch', 'keyIdInUse', 'epochMismatch'] as const),
  'notProvenYet',
];

/** UNIQUE (scope, due_at), where two come to that both find the same time due. */
const DUE_TIME_TAKEN = 'schedule_scope_due_at_key';

const wasOvertaken = (error: unknown): boolean =>
  error instanceof Problem
    ? OVERTAKEN.some((name) => error.is(name))
    : (error as { driverError?: { constraint?: string } }).driverError?.constraint === DUE_TIME_TAKEN;
