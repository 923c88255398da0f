import { Inject, Injectable } from '@nestjs/common';
import type { ChangeType, RingChange } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { MadeKey, MadeStatement } from '@plexsphere/store';
import { problem, type AlgorithmName, type Scope } from '@plexsphere/wire';
import type { Switched } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { ringPolicy } from '../policies/policy-decisions';
import { RotationConfig } from '../rotation-config';
import { AfterCommit, type MadeEpoch } from '../rotations/after-commit';
import { Preparation, type Prepared, type ToPrepare } from '../rotations/preparation';
import { PreparedKeys } from '../rotations/prepared-keys';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { applyRingChange, type Told } from './apply-ring-change';
import { takesOver, termsToMake, vouchingRing } from './change-terms';
import { GivenStatements, readGiven, recordRecovery } from './given-statement';
import { existing, readRing, snapshotRing, type StoredRing } from './read-ring';
import { requireTakable } from './statement-check';

/** A statement carries when it was made, so what was prepared must be committed soon after. */
const PREPARED_FOR_MS = 30_000;

/** A command that changes a ring, where it has statements by one that proves it to others. */
interface RingCommand<Decided extends RingChange, Reply extends MadeEpoch> {
  scope: Scope;
  reason: string | null;
  /** Asked before anything is prepared, and again under the lock. `at` is the same. @throws Problem */
  decide: (before: StoredRing, at: Date) => Decided;
  /** What has to be there first, each time that it is prepared: a change of its own. */
  first?: ((before: StoredRing, at: Date) => Promise<void>) | undefined;
  /** A public half that comes in, and that no signer has. */
  imported?: MadeKey | undefined;
  /** By the recovery key, where that vouches: then signers make none. */
  given?: string | undefined;
  /** What stands in the audit log beside the ring before and after. */
  detail?: ((before: StoredRing, after: Decided) => object) | undefined;
  /** What else is written in the same transaction, before the ring is. @throws Problem where the change must not be */
  beside?: Beside | undefined;
  reply: (changed: Changed<Decided>) => Reply;
}

export type Beside = (manager: EntityManager, change: { after: RingChange; at: Date }) => Promise<void>;

/** What was committed. */
export interface Changed<Decided extends RingChange> {
  before: StoredRing;
  after: Decided;
  at: Date;
  told: Told;
  statement: MadeStatement | null;
  /** Signers that could not load the key that signs now. */
  unready: string[];
}

interface Attempt {
  /** The ring's, when it was prepared. */
  epoch: number;
  openedAt: Date;
  prepared: Prepared;
}

/** Prepares outside any transaction, decides again and commits in one (ADR 0002), then switches. */
@Injectable()
export class ChangeRing {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly preparedKeys: PreparedKeys,
    private readonly givenStatements: GivenStatements,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async change<Decided extends RingChange, Reply extends MadeEpoch>(
    command: RingCommand<Decided, Reply>,
    identity: RequestIdentity,
  ): Promise<Reply & Switched> {
    let introduced: string | undefined;
    const committed = await this.transactions.oncePrepared(identity, {
      prepare: () => this.prepare(command),
      lock: () => changing(command.scope),
      work: async (manager, attempt) => {
        const changed = await this.commit(manager, command, attempt, identity);
        introduced = attempt.prepared.key === null ? undefined : changed.after.statement?.newKeyId;
        return command.reply(changed);
      },
    });
    const switched = await this.afterCommit.finish(committed);
    if (introduced !== undefined) {
      await this.preparedKeys.forgetFirstCopy({ scope: command.scope, keyId: introduced });
    }
    return { ...committed, ...switched };
  }

  private async prepare({ scope, decide, given, imported, first }: Prepares): Promise<Attempt> {
    if (first !== undefined) await first(await this.present(scope), await databaseNow(this.database.manager));
    const before = await this.present(scope);
    const openedAt = await this.openedAt(given);
    // Refuses at once what is refused anyway; nothing is prepared then.
    const after = decide(before, openedAt);
    if (await hasLaterStatement(this.database.manager, scope)) throw problem('epochWentBack');
    const prepared =
      given === undefined
        ? await this.made(before, after, { openedAt, imported })
        : await this.givenStatements.prepared(given, before, after);
    return { epoch: before.ring.epoch, openedAt, prepared };
  }

  private present(scope: Scope): Promise<StoredRing> {
    return existing(snapshotRing(this.database, scope));
  }

  /** By the database's clock, as what was given has it. @throws Problem preparedTooLate; invariantViolation for a time to come */
  private async openedAt(given: string | undefined): Promise<Date> {
    const now = await databaseNow(this.database.manager);
    if (given === undefined) return now;
    const openedAt = new Date(readGiven(given).opened_at);
    if (openedAt > now) throw problem('invariantViolation', { field: 'statement', reason: 'opened_at' });
    requireFresh(openedAt, now);
    return openedAt;
  }

  private async made(
    before: StoredRing,
    after: RingChange,
    attempt: Pick<ToPrepare, 'openedAt' | 'imported'>,
  ): Promise<Prepared> {
    const { scope } = before.ring;
    const toMake = termsToMake(before, after);
    const held = takesOver(before, after);
    if (toMake === null) {
      return { key: null, statement: null, unready: held === null ? [] : await this.preparation.tried(scope, held) };
    }
    return this.preparation.prepare({
      ...{ ...toMake, ...attempt, scope, takesOver: held },
      algorithm: ringPolicy(before, this.config).algorithm as AlgorithmName,
      epoch: after.ring.epoch,
      authority: await vouchingRing(this.database, toMake.terms, before),
    });
  }

  private async commit<Decided extends RingChange>(
    manager: EntityManager,
    command: RingCommand<Decided, MadeEpoch>,
    { epoch, openedAt, prepared }: Attempt,
    identity: RequestIdentity,
  ): Promise<Changed<Decided>> {
    const { scope, reason, decide, given, detail, beside } = command;
    const before = await existing(readRing(manager, scope));
    const after = decide(before, openedAt);
    if (before.ring.epoch !== epoch) throw problem('epochMismatch', { epoch: before.ring.epoch });
    const at = await databaseNow(manager);
    requireFresh(openedAt, at);
    if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
    const { key, statement, unready } = prepared;
    requireTakable(before, statement, after.statement?.introduces ?? false);

    await beside?.(manager, { after, at });
    const told = await applyRingChange(manager, {
      ...{ before, after, at, identity, reason },
      made: { key: key ?? command.imported ?? null, statement },
      detail: { reason, signers_unready: unready, ...detail?.(before, after) },
    });
    if (given !== undefined) await recordRecovery(manager, given);
    const { ring } = after;
    const kid = after.statement?.newKeyId ?? after.transition?.newKeyId;
    this.logger.info(
      { scope, kid, epoch: ring.epoch, gone: after.gone, ...told },
      DONE[after.change] ?? 'ring changed',
    );
    return { before, after, at, told, statement, unready };
  }
}

type Prepares = Pick<RingCommand<RingChange, MadeEpoch>, 'scope' | 'decide' | 'given' | 'imported' | 'first'>;

function requireFresh(openedAt: Date, now: Date): void {
  if (now.getTime() - openedAt.getTime() > PREPARED_FOR_MS) throw problem('preparedTooLate');
}

/** As the log tells it. */
const DONE: Partial<Record<ChangeType, string>> = {
  rotate: 'rotation opened',
  rollback: 'rotation rolled back',
  stage: 'key staged',
  unstage: 'key unstaged',
  revoke: 'key revoked',
  recommit: 'ring recommitted',
  recovery: 'recovery key rotated',
  import: 'foreign key imported',
  activate: 'key activated',
};
