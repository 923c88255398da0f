import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { PLATFORM, problem } from '@plexsphere/wire';
import type { RevokeToken, RevokeTokenReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { lockBusAccount } from '../bus-account/bus-account-lock';
import { BusRevocations } from '../bus-account/bus-revocations';
import { databaseNow } from '../sql/database-clock';
import { onceFor, type RequestIdentity } from '../sql/requests';
import { writeAudit } from '../sql/write-audit';
import { ScopeTransactions } from '../transactions/scope-transactions';
import { countOtherAdmins } from './token-lookup';

/** The commit shuts the operator out of every command; the push to the bus ends their connection, too. */
@Injectable()
export class TokenRevocation {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: ScopeTransactions,
    private readonly revocations: BusRevocations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async revoke(request: RevokeToken, identity: RequestIdentity): Promise<RevokeTokenReply> {
    const reply = await onceFor(this.database.manager, identity, () =>
      this.transactions.exclusive('tokens', identity, (manager) => this.commit(manager, request.id, identity)),
    );
    // Whoever revokes their own token is to hear so first: the pusher's next turn, a second later, cuts them.
    if (reply.id !== identity.actor) await this.revocations.push();
    return reply;
  }

  private async commit(manager: EntityManager, id: string, identity: RequestIdentity): Promise<RevokeTokenReply> {
    await lockBusAccount(manager);
    const operator = await manager.findOneBy(OperatorEntity, { id });
    if (operator === null) throw problem('unknownToken', { field: 'id' });
    const { name, role, scopes } = operator;
    // Somebody already did: the answer is the same, and nothing changes.
    if (operator.revokedAt !== null) return { id, name, revoked_at: operator.revokedAt.toISOString() };
    // Under the lock, so that two admins who revoke each other leave one.
    const isFullAdmin = role === 'admin' && scopes === null;
    if (isFullAdmin && (await countOtherAdmins(manager, id)) === 0) throw problem('lastAdmin', { field: 'id' });

    const revokedAt = await databaseNow(manager);
    await this.revocations.add(manager, operator.busPublicKey, revokedAt);
    await manager.update(OperatorEntity, { id }, { revokedAt });
    const reply: RevokeTokenReply = { id, name, revoked_at: revokedAt.toISOString() };
    await writeAudit(manager, identity, { scope: PLATFORM, before: { id, name, role, scopes }, after: reply });
    this.logger.info({ operator: id }, 'token revoked');
    return reply;
  }
}
