import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { PLATFORM, problem } from '@plexsphere/wire';
import {
  DEFAULT_TOKEN_SECONDS,
  type CreateToken as Request,
  type CreateTokenReply,
  type IssueBusCredential,
  type IssueBusCredentialReply,
} from '@plexsphere/wire/commands';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { databaseNow } from '../transactions/database-clock';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { takeBusKey } from '../bus-account/bus-users';
import { writeAudit } from '../transactions/write-audit';
import { ScopeTransactions } from '../transactions/scope-transactions';

/** A token for an operator: a credential for the key that they made, and the hash of the bearer that they drew. */
@Injectable()
export class CreateToken {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly transactions: ScopeTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  create(request: Request, identity: RequestIdentity): Promise<CreateTokenReply> {
    return onceFor(this.database.manager, identity, () => this.issueAndCommit(request, identity));
  }

  private async issueAndCommit(request: Request, identity: RequestIdentity): Promise<CreateTokenReply> {
    const id = randomUUID();
    const expiresAt = await this.expiry(request.expires_in_seconds ?? DEFAULT_TOKEN_SECONDS);
    const credential: IssueBusCredential = {
      kind: 'operator',
      id,
      name: request.name,
      public_key: request.bus_public_key,
      // Rounded up: the database's clock decides, and the bus must not come before it.
      expires_at: Math.ceil(expiresAt.getTime() / 1_000),
    };
    const { jwt } = await this.signers.askAny<IssueBusCredentialReply>('issue-bus-credential', credential);
    const reply: CreateTokenReply = {
      id,
      name: request.name,
      role: request.role,
      scopes: request.scopes ?? null,
      expires_at: expiresAt.toISOString(),
      bus_jwt: jwt,
    };
    return this.transactions.exclusive('tokens', identity, (manager) => this.commit(manager, request, reply, identity));
  }

  private async commit(
    manager: EntityManager,
    request: Request,
    reply: CreateTokenReply,
    identity: RequestIdentity,
  ): Promise<CreateTokenReply> {
    await this.refuseTaken(manager, request);
    const { id, name, role, scopes, expires_at } = reply;
    await manager.query(
      `INSERT INTO ring.operator (id, name, role, scopes, bus_public_key, bearer_hash, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [id, name, role, scopes, request.bus_public_key, request.bearer_hash, expires_at],
    );
    await writeAudit(manager, identity, { scope: PLATFORM, after: { id, name, role, scopes, expires_at } });
    this.logger.info({ operator: id, role }, 'token created');
    return reply;
  }

  private async refuseTaken(manager: EntityManager, { name, bus_public_key }: Request): Promise<void> {
    if (await manager.existsBy(OperatorEntity, { name, revokedAt: IsNull() })) {
      throw problem('tokenExists', { field: 'name' });
    }
    if (!(await takeBusKey(manager, bus_public_key))) throw problem('tokenExists', { field: 'bus_public_key' });
  }

  private async expiry(afterSeconds: number): Promise<Date> {
    return new Date((await databaseNow(this.database.manager)).getTime() + afterSeconds * 1_000);
  }
}
