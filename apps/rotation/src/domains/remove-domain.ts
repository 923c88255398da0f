import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { activeKey } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import type { RemoveDomainReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { existing, readRing } from '../rings/read-ring';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { refusalOfRemoval } from './domain-use';
import { RemovedRings } from './removed-rings';

type Committed = Pick<RemoveDomainReply, 'scope' | 'key_id' | 'epoch' | 'removed_at'>;

/**
 * The end of a Domain's ring: one transaction, after which nobody finds it, then the same switch as after any change, then
 * the destruction of its private halves. Its rows stay, marked: the name is taken for ever, and what the audit log says
 * of it keeps its meaning (ADR 0024).
 */
@Injectable()
export class RemoveDomain {
  constructor(
    private readonly removedRings: RemovedRings,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returns when nobody can sign by the ring any more. @throws Problem unknownScope, domainInUse, epochWentBack */
  async remove(scope: Scope, identity: RequestIdentity): Promise<RemoveDomainReply> {
    const committed = await this.transactions.once(identity, { exclusive: scope }, (manager) =>
      this.commit(manager, scope, identity),
    );
    return { ...committed, ...(await this.removedRings.finish(committed)) };
  }

  /** Under the scope's lock, which adding a Node shares: nobody joins meanwhile. */
  private async commit(manager: EntityManager, scope: Scope, identity: RequestIdentity): Promise<Committed> {
    const stored = await existing(readRing(manager, scope));
    const refusal = await refusalOfRemoval(manager, stored);
    if (refusal !== undefined) throw refusal;
    const { keyId } = activeKey(stored.ring);
    const epoch = stored.ring.epoch + 1;
    const removedAt = await markRemoved(manager, { scope, epoch, keyId });
    const reply = { scope, key_id: keyId, epoch, removed_at: removedAt.toISOString() };
    await writeAudit(manager, identity, {
      scope,
      before: { epoch: stored.ring.epoch, key_id: keyId },
      after: { epoch, removed_at: reply.removed_at },
    });
    this.logger.info({ scope, kid: keyId, epoch }, 'domain removed');
    return reply;
  }
}

/** No statement and no event: there is no Node to tell, and nobody who holds the ring's statements walks on from it. */
async function markRemoved(
  manager: EntityManager,
  { scope, epoch, keyId }: { scope: Scope; epoch: number; keyId: string },
): Promise<Date> {
  // UPDATE … RETURNING comes back as rows and their count.
  const [[row]] = await manager.query<[[{ removedAt: Date }], number]>(
    `UPDATE ring.key_ring SET epoch = $2, removed_at = date_trunc('milliseconds', clock_timestamp())
      WHERE scope = $1 RETURNING removed_at AS "removedAt"`,
    [scope, epoch],
  );
  await manager.query(
    `UPDATE ring.signing_key SET state = 'retired', state_since = $2 WHERE scope = $1 AND state = 'active'`,
    [scope, row.removedAt],
  );
  await manager.query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id) VALUES ($1, $2, 'remove', $3, $4)`,
    [scope, epoch, keyId, randomUUID()],
  );
  return row.removedAt;
}
