import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { BusJwtReply, CreateTokenReply, IssueBusCredential } from '@plexsphere/wire/commands';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { takeBusKey } from '../bus-account/bus-users';
import { Signers } from '../leases/signers';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';

export interface NewToken extends Pick<OperatorEntity, 'name' | 'role' | 'scopes' | 'busPublicKey' | 'bearerHash'> {
  lifeSeconds: number;
}

/** A token for an operator: a credential for the key that they made, and the hash of the bearer that they drew. */
@Injectable()
export class CreateToken {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  create(token: NewToken, identity: RequestIdentity): Promise<CreateTokenReply> {
    return this.transactions.oncePrepared(identity, {
      prepare: () => this.issue(token),
      lock: () => ({ exclusive: 'tokens' }),
      work: (manager, reply) => this.commit(manager, token, reply, identity),
    });
  }

  private async issue({ name, role, scopes, busPublicKey, lifeSeconds }: NewToken): Promise<CreateTokenReply> {
    const id = randomUUID();
    const expiresAt = new Date((await databaseNow(this.database.manager)).getTime() + lifeSeconds * 1_000);
    const credential: IssueBusCredential = {
      kind: 'operator',
      id,
      name,
      public_key: busPublicKey,
      // Rounded up: the database's clock decides, and the bus must not come before it.
      expires_at: Math.ceil(expiresAt.getTime() / 1_000),
    };
    const { jwt } = await this.signers.askAny<BusJwtReply>('issue-bus-credential', credential);
    return { id, name, role, scopes, expires_at: expiresAt.toISOString(), bus_jwt: jwt };
  }

  private async commit(
    manager: EntityManager,
    { name, role, scopes, busPublicKey, bearerHash }: NewToken,
    reply: CreateTokenReply,
    identity: RequestIdentity,
  ): Promise<CreateTokenReply> {
    if (await manager.existsBy(OperatorEntity, { name, revokedAt: IsNull() })) {
      throw problem('tokenExists', { field: 'name' });
    }
    if (await manager.existsBy(OperatorEntity, { bearerHash })) throw problem('tokenExists', { field: 'bearer_hash' });
    if (!(await takeBusKey(manager, busPublicKey))) throw problem('tokenExists', { field: 'bus_public_key' });
    const { id, expires_at } = reply;
    await manager.insert(OperatorEntity, {
      id,
      name,
      role,
      scopes,
      busPublicKey,
      bearerHash,
      expiresAt: new Date(expires_at),
    });
    await writeAudit(manager, identity, { scope: null, after: { id, name, role, scopes, expires_at } });
    this.logger.info({ operator: id, role }, 'token created');
    return reply;
  }
}
