import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { RevokeTokenReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { Revocations } from '../bus-account/revocations';
import { revokeBusUser } from '../bus-account/bus-users';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { CommandTransactions } from '../transactions/command-transactions';
import { countOtherAdmins } from './find-token';

/** Whoever revokes their own token is to hear so before the bus cuts them. */
const OWN_DUE_AFTER_MS = 1_000;

type Committed = Omit<RevokeTokenReply, 'pushed'>;

/** The commit shuts the operator out of every command; the push to the bus ends their connection, too. */
@Injectable()
export class RevokeToken {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly revocations: Revocations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async revoke(id: string, identity: RequestIdentity): Promise<RevokeTokenReply> {
    const committed = await this.transactions.once(identity, { exclusive: 'tokens' }, (manager) =>
      this.commit(manager, id, identity),
    );
    return { ...committed, pushed: committed.id !== identity.actor && (await this.revocations.push()) };
  }

  private async commit(manager: EntityManager, id: string, identity: RequestIdentity): Promise<Committed> {
    const operator = await manager.findOneBy(OperatorEntity, { id });
    if (operator === null) throw problem('unknownToken', { field: 'id' });
    const { name, role, scopes } = operator;
    // Somebody already did: the answer is the same, and nothing changes.
    if (operator.revokedAt !== null) return { id, name, revoked_at: operator.revokedAt.toISOString() };
    // Under the lock, so that two admins who revoke each other leave one.
    const isFullAdmin = role === 'admin' && scopes === null;
    if (isFullAdmin && (await countOtherAdmins(manager, id)) === 0) throw problem('lastAdmin', { field: 'id' });

    const revokedAt = await databaseNow(manager);
    await revokeBusUser(manager, {
      publicKey: operator.busPublicKey,
      kind: 'operator',
      revokedAt,
      expiresAt: operator.expiresAt,
      ...(id === identity.actor && { dueAt: new Date(revokedAt.getTime() + OWN_DUE_AFTER_MS) }),
    });
    await manager.update(OperatorEntity, { id }, { revokedAt });
    const reply: Committed = { id, name, revoked_at: revokedAt.toISOString() };
    await writeAudit(manager, identity, { scope: null, before: { id, name, role, scopes }, after: reply });
    this.logger.info({ operator: id }, 'token revoked');
    return reply;
  }
}
