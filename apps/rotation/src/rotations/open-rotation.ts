import { Inject, Injectable } from '@nestjs/common';
import { openRotation, type OpenTransition, type RingChange } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem, type Scope } from '@plexsphere/wire';
import type { RotateReply, Switched } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { applyRingChange, type Told } from '../rings/apply-ring-change';
import { existing, readRing, snapshotRing, type StoredRing } from '../rings/read-ring';
import { rotationView } from '../rings/ring-view';
import { orProblem } from '../rings/refusal-problem';
import { RotationConfig } from '../rotation-config';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { AfterCommit } from './after-commit';
import { Preparation, type Prepared } from './preparation';

/** A statement carries opened_at, so what was prepared must be committed soon after. */
const PREPARED_FOR_MS = 30_000;

export interface Opening {
  scope: Scope;
  newKeyId: string;
  reason: string | null;
}

interface Attempt {
  /** The ring's, when it was prepared. */
  epoch: number;
  openedAt: Date;
  prepared: Prepared;
}

type Committed = Omit<RotateReply, keyof Switched>;

/** Prepares outside any transaction, decides again and commits in one (ADR 0002), then switches. */
@Injectable()
export class OpenRotation {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async open(opening: Opening, identity: RequestIdentity): Promise<RotateReply> {
    const committed = await this.transactions.oncePrepared(identity, {
      prepare: () => this.prepare(opening),
      lock: () => ({ exclusive: opening.scope }),
      work: (manager, attempt) => this.commit(manager, opening, attempt, identity),
    });
    return { ...committed, ...(await this.afterCommit.finishSwitch(committed)) };
  }

  private async prepare(opening: Opening): Promise<Attempt> {
    const { scope } = opening;
    const before = await existing(snapshotRing(this.database, scope));
    const openedAt = await databaseNow(this.database.manager);
    // Refuses at once what is refused anyway; nothing is prepared then.
    const { ring, transition } = this.decide(before, opening, openedAt);
    if (await hasLaterStatement(this.database.manager, scope)) throw problem('epochWentBack');
    const { closesAt, transitionExpires } = transition;
    const prepared = await this.preparation.prepare({
      type: 'rotate',
      scope,
      epoch: ring.epoch,
      newKeyId: transition.newKeyId,
      authority: before.ring,
      openedAt,
      ends: { closesAt, transitionExpires },
    });
    return { epoch: before.ring.epoch, openedAt, prepared };
  }

  private async commit(
    manager: EntityManager,
    opening: Opening,
    { epoch, openedAt, prepared }: Attempt,
    identity: RequestIdentity,
  ): Promise<Committed> {
    const { scope, reason } = opening;
    const before = await existing(readRing(manager, scope));
    const after = this.decide(before, opening, openedAt);
    if (before.ring.epoch !== epoch) throw problem('epochMismatch', { epoch: before.ring.epoch });
    const at = await databaseNow(manager);
    if (at.getTime() - openedAt.getTime() > PREPARED_FOR_MS) throw problem('preparedTooLate');
    if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');

    const { key, statement, unready } = prepared;
    const told = await applyRingChange(manager, {
      change: 'rotate',
      before,
      after,
      at,
      identity,
      reason,
      made: { key, statement },
      detail: { reason, signers_unready: unready },
    });
    const reply = asReply(after, unready, told);
    this.logger.info({ scope, kid: reply.new_key_id, epoch: reply.epoch, ...told }, 'rotation opened');
    return reply;
  }

  private decide(
    { ring, policy, transition }: StoredRing,
    { newKeyId }: Opening,
    openedAt: Date,
  ): RingChange<OpenTransition> {
    const { overlapWindowMs, clockSkewMs, verifierCacheMs } = this.config;
    const command = { newKeyId, openedAt, overlapWindowMs, clockSkewMs, propagationDelayMs: verifierCacheMs };
    return orProblem(() => openRotation(ring, transition, command, policy));
  }
}

const asReply = (
  { ring, transition }: RingChange<OpenTransition>,
  unready: string[],
  { nodes, otherNodes }: Told,
): Committed => ({
  scope: ring.scope,
  ...rotationView(transition),
  epoch: ring.epoch,
  unready,
  nodes,
  ...(otherNodes === null ? {} : { domain_nodes: otherNodes }),
});
