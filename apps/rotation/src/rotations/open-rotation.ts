import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { openRotation, transitionExpires } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { TransitionEntity } from '@plexsphere/store';
import { PLATFORM, Problem, problem } from '@plexsphere/wire';
import type { Rotate, RotateReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { orProblem } from '../rings/refusal-problem';
import { hasLaterStatement } from '../leases/later-statements';
import { RotationConfig } from '../rotation-config';
import { databaseNow } from '../transactions/database-clock';
import { fanOutPlatformChange, fanOutToScope } from '../events/fan-out';
import { asTransition, readRing, snapshotRing, type StoredRing } from '../rings/read-ring';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { insertRingChange, writeRing } from '../rings/write-ring';
import { ScopeTransactions } from '../transactions/scope-transactions';
import { Preparation, type Prepared } from './preparation';
import { AfterCommit } from './after-commit';

/** A statement carries opened_at, so what was prepared must be committed soon after. */
const PREPARED_FOR_MS = 30_000;

/** Others may change the ring between prepare and commit; after this many losses the caller is told. */
const ATTEMPTS = 3;

type Committed = Omit<RotateReply, 'confirmed' | 'lapsed'>;

interface Attempt {
  request: Rotate;
  identity: RequestIdentity;
  prepared: Prepared;
  before: StoredRing;
  openedAt: Date;
}

/** OpenRotation: prepare outside any transaction, decide again and commit in one, then switch. */
@Injectable()
export class OpenRotation {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: ScopeTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async open(request: Rotate, identity: RequestIdentity): Promise<RotateReply> {
    const committed = await onceFor(this.database.manager, identity, () => this.prepareAndCommit(request, identity));
    return { ...committed, ...(await this.afterCommit.finishSwitch(committed)) };
  }

  private async prepareAndCommit(request: Rotate, identity: RequestIdentity): Promise<Committed> {
    for (let attempt = 1; ; attempt++) {
      try {
        const prepared = await this.prepare(request, identity);
        return await this.transactions.exclusive(request.scope, identity, (manager) => this.commit(manager, prepared));
      } catch (error) {
        const lost = error instanceof Problem && (error.is('epochMismatch') || error.is('preparedTooLate'));
        if (!lost || attempt === ATTEMPTS) throw error;
        this.logger.info({ scope: request.scope, reason: error.detail }, 'rotation lost the race, preparing anew');
      }
    }
  }

  private async prepare(request: Rotate, identity: RequestIdentity): Promise<Attempt> {
    const before = await snapshotRing(this.database, request.scope);
    if (before === undefined) throw problem('unknownScope', { field: 'scope' });
    const openedAt = await databaseNow(this.database.manager);
    // Refuses at once what is refused anyway; nothing is prepared then.
    const { ring, transition } = this.decision(before, request, openedAt);
    if (await hasLaterStatement(this.database.manager, request.scope)) throw problem('epochWentBack');
    const prepared = await this.preparation.prepare(request.scope, {
      type: 'rotate',
      scope: request.scope,
      epoch: ring.epoch,
      authority_epoch: before.ring.epoch,
      new_key_id: request.new_key_id,
      opened_at: openedAt.toISOString(),
      closes_at: transition.closesAt.toISOString(),
      transition_expires: transitionExpires(transition.closesAt, this.config).toISOString(),
    });
    return { request, identity, prepared, before, openedAt };
  }

  private async commit(
    manager: EntityManager,
    { request, identity, prepared, before, openedAt }: Attempt,
  ): Promise<Committed> {
    const { scope } = request;
    const now = await readRing(manager, scope);
    if (now === undefined) throw problem('unknownScope', { field: 'scope' });
    const { ring, transition } = this.decision(now, request, openedAt);
    if (now.ring.epoch !== before.ring.epoch) throw problem('epochMismatch', { epoch: now.ring.epoch });
    if ((await databaseNow(manager)).getTime() - openedAt.getTime() > PREPARED_FOR_MS) throw problem('preparedTooLate');
    if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');

    const eventId = randomUUID();
    await writeRing(manager, now.ring, ring, prepared.key);
    await insertRingChange(manager, ring, {
      change: 'rotate',
      activeKeyId: request.new_key_id,
      eventId,
      statement: prepared.statement,
    });
    await manager.insert(TransitionEntity, {
      scope,
      oldKeyId: transition.oldKeyId,
      newKeyId: transition.newKeyId,
      openedAt: transition.openedAt,
      closesAt: transition.closesAt,
      openedEpoch: ring.epoch,
      reason: request.reason ?? null,
      actor: identity.actor,
      requestId: identity.requestId,
    });
    const told = await this.fanOut(manager, scope, ring.epoch, eventId);
    const reply: Committed = {
      scope,
      old_key_id: transition.oldKeyId,
      new_key_id: transition.newKeyId,
      opened_at: transition.openedAt.toISOString(),
      closes_at: transition.closesAt.toISOString(),
      epoch: ring.epoch,
      unready: prepared.unready,
      ...told,
    };
    await writeAudit(manager, identity, {
      scope,
      before: now.ring,
      after: ring,
      detail: { reason: request.reason ?? null, signers_unready: prepared.unready },
    });
    this.logger.info({ scope, kid: request.new_key_id, epoch: ring.epoch, ...told }, 'rotation opened');
    return reply;
  }

  private async fanOut(
    manager: EntityManager,
    scope: string,
    epoch: number,
    eventId: string,
  ): Promise<Pick<RotateReply, 'nodes' | 'domain_nodes'>> {
    const nodes = await fanOutToScope(manager, {
      eventId,
      scope,
      eventType: 'signing_key_rotated',
      payload: null,
      epoch,
    });
    return scope === PLATFORM
      ? { nodes, domain_nodes: await fanOutPlatformChange(manager, eventId, epoch) }
      : { nodes };
  }

  private decision(stored: StoredRing, request: Rotate, openedAt: Date): ReturnType<typeof openRotation> {
    return orProblem(() =>
      openRotation(stored.ring, asTransition(stored.transition), {
        newKeyId: request.new_key_id,
        openedAt,
        overlapWindowMs: this.config.overlapWindowMs,
      }),
    );
  }
}
