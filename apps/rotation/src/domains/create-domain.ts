import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { createRing } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity } from '@plexsphere/store';
import { PLATFORM, domainScope, problem } from '@plexsphere/wire';
import type { CreateDomain as Request, CreateDomainReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { Preparation, type Prepared } from '../rotations/preparation';
import { EpochSwitch } from '../rotations/epoch-switch';
import { databaseNow } from '../transactions/database-clock';
import { snapshotRing } from '../rings/read-ring';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { insertKey, insertRingChange } from '../rings/write-ring';
import { ScopeTransactions } from '../transactions/scope-transactions';

/** A Domain begins with a ring at epoch 1 whose one key is active: no transition, no event. */
@Injectable()
export class CreateDomain {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly switching: EpochSwitch,
    private readonly signers: Signers,
    private readonly transactions: ScopeTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async create(request: Request, identity: RequestIdentity): Promise<CreateDomainReply> {
    const reply = await onceFor(this.database.manager, identity, () => this.prepareAndCommit(request, identity));
    // Returns when a signer can sign for it, so that what follows in a script finds it working.
    if (!(await this.switching.isServed(reply.scope, reply.epoch)))
      throw await this.signers.explained(problem('noLease', { scope: reply.scope }), reply.scope);
    return reply;
  }

  private async prepareAndCommit(request: Request, identity: RequestIdentity): Promise<CreateDomainReply> {
    const { manager } = this.database;
    const scope = domainScope(request.id);
    if (await manager.existsBy(KeyRingEntity, { scope })) throw problem('domainExists', { field: 'id' });
    const platform = await snapshotRing(this.database, PLATFORM);
    if (platform === undefined) throw problem('unknownScope', { scope: PLATFORM });
    const prepared = await this.preparation.prepare(PLATFORM, {
      type: 'create',
      scope,
      epoch: 1,
      authority_epoch: platform.ring.epoch,
      new_key_id: request.key_id,
      opened_at: (await databaseNow(manager)).toISOString(),
    });
    return this.transactions.exclusive(scope, identity, (transaction) =>
      this.commit(transaction, scope, request.key_id, prepared, identity),
    );
  }

  private async commit(
    manager: EntityManager,
    scope: string,
    keyId: string,
    prepared: Prepared,
    identity: RequestIdentity,
  ): Promise<CreateDomainReply> {
    if (await manager.existsBy(KeyRingEntity, { scope })) throw problem('domainExists', { field: 'id' });
    const ring = createRing(scope, keyId);
    await manager.insert(KeyRingEntity, { scope, epoch: ring.epoch, trustEpoch: ring.trustEpoch });
    await insertKey(manager, scope, prepared.key);
    await insertRingChange(manager, ring, {
      change: 'create',
      activeKeyId: keyId,
      eventId: randomUUID(),
      statement: prepared.statement,
    });
    const reply: CreateDomainReply = { scope, key_id: keyId, epoch: ring.epoch };
    await writeAudit(manager, identity, { scope, after: ring });
    this.logger.info({ scope, kid: keyId, epoch: ring.epoch }, 'domain created');
    return reply;
  }
}
