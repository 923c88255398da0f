import { Inject, Injectable } from '@nestjs/common';
import { Refusal, settleChannel, settleRollback, type RingChange } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { applyRingChange } from '../rings/apply-ring-change';
import { ChangeDecisions, isProvenFirst } from '../rings/change-decisions';
import { readRing, snapshotRing, type StoredRing } from '../rings/read-ring';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import { byItself, type RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { AfterCommit, type MadeEpoch } from './after-commit';

/** From this key. */
const NO_ROTATION_IS_OPEN = `
  NOT EXISTS (SELECT FROM ring.transition WHERE scope = key.scope AND outcome IS NULL AND old_key_id = key.key_id)`;

/** Keys that are to go now. */
export const SETTLED = `
  FROM ring.signing_key AS key
 WHERE key.state = 'retiring' AND key.verifies_until <= statement_timestamp() AND ${NO_ROTATION_IS_OPEN}`;

/** Keys of channels, which go earlier where what members report allows it. */
export const SETTLING_BY_MEMBERS = `
  FROM ring.signing_key AS key
 WHERE key.state = 'retiring' AND starts_with(key.scope, 'channel:') AND key.verifies_until > statement_timestamp()
   AND ${NO_ROTATION_IS_OPEN}`;

/** Each scope's, once it is due: what was rolled back, or left by a rotation that a revoke ended, is retired as by a close. Of any replicas one does it. */
@Injectable()
export class SettleRollbacks {
  private readonly underWay = new Map<Scope, Promise<void>>();
  private looking: Promise<void> | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
    private readonly decisions: ChangeDecisions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never fails: what is left is found by the next turn, of any replica. */
  settleDue(): void {
    this.looking ??= this.look()
      .catch((err: unknown) => this.logger.warn({ err }, 'rollbacks not settled yet'))
      .then(() => (this.looking = undefined));
  }

  async atRest(): Promise<void> {
    await this.looking;
    await Promise.all(this.underWay.values());
  }

  private async look(): Promise<void> {
    const due = await listSettled(this.database.manager);
    for (const { scope } of [...due, ...(await this.findSettledByMembers())]) {
      if (!this.underWay.has(scope)) this.underWay.set(scope, this.settle(scope));
    }
  }

  /** Of a channel's ring what its members say ends it sooner. Those are few: a rollback is rare, and so is a revoke. */
  private async findSettledByMembers(): Promise<{ scope: Scope }[]> {
    const settled: { scope: Scope }[] = [];
    for (const { scope } of await listSettlingByMembers(this.database.manager)) {
      const stored = await snapshotRing(this.database, scope);
      const at = await databaseNow(this.database.manager);
      if (stored !== undefined && decided(() => this.settled(stored, at)) !== undefined) settled.push({ scope });
    }
    return settled;
  }

  private async settle(scope: Scope): Promise<void> {
    try {
      const identity = byItself('signing.settle');
      const committed = await this.transactions.once<Partial<MadeEpoch>>(identity, changing(scope), (manager) =>
        this.commit(manager, scope, identity),
      );
      if (committed.epoch !== undefined) await this.afterCommit.finish({ scope, epoch: committed.epoch });
    } catch (err) {
      this.logger.warn({ err, scope }, 'rollback not settled yet');
    } finally {
      this.underWay.delete(scope);
    }
  }

  private settled(stored: StoredRing, at: Date): RingChange {
    const { ring, transition, members } = stored;
    return isProvenFirst(stored)
      ? settleChannel(ring, transition, members, this.decisions.terms(stored), at)
      : settleRollback(ring, transition, at);
  }

  private async commit(manager: EntityManager, scope: Scope, identity: RequestIdentity): Promise<Partial<MadeEpoch>> {
    const before = await readRing(manager, scope);
    if (before === undefined || (await hasLaterStatement(manager, scope))) return {};
    const at = await databaseNow(manager);
    const after = decided(() => this.settled(before, at));
    // Another replica was there first, or somebody has revoked the key meanwhile.
    if (after === undefined) return {};
    const made = { key: null, statement: null };
    await applyRingChange(manager, { before, after, at, identity, reason: null, made, detail: { gone: after.gone } });
    const { epoch } = after.ring;
    this.logger.info({ scope, kid: after.gone[0], gone: after.gone, epoch }, 'rollback settled');
    return { scope, epoch };
  }
}

/** Where a key is to go that retires though no rotation from it is open. */
export const listSettled = (manager: EntityManager): Promise<{ scope: Scope }[]> =>
  manager.query(`SELECT DISTINCT key.scope ${SETTLED}`);

const listSettlingByMembers = (manager: EntityManager): Promise<{ scope: Scope }[]> =>
  manager.query(`SELECT DISTINCT key.scope ${SETTLING_BY_MEMBERS}`);

function decided(decision: () => RingChange): RingChange | undefined {
  try {
    return decision();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
