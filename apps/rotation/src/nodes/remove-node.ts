import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { NodeEntity } from '@plexsphere/store';
import type { RemoveNodeReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { revokeBusUser } from '../bus-account/bus-users';
import { Revocations } from '../bus-account/revocations';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { unknownNode, type NodeName } from './list-nodes';

/** `hadCredential`: of the bus, which has to refuse it. */
type Committed = Omit<RemoveNodeReply, 'pushed'> & { hadCredential: boolean };

/**
 * A Node that is removed gets nothing more and blocks nothing: no fan-out, claim, hello or gate counts it, and the bus
 * ends its connection. What still waits for it is settled by the relay, whose rows those are.
 */
@Injectable()
export class RemoveNode {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    private readonly revocations: Revocations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownNode */
  async remove(
    named: NodeName,
    identity: RequestIdentity,
    only: FindOptionsWhere<NodeEntity> = {},
  ): Promise<RemoveNodeReply> {
    const { hadCredential, ...committed } = await this.transactions.oncePrepared(identity, {
      prepare: () => enrolled(this.database.manager, named, only),
      lock: ({ scope }) => ({ shared: nodeScopes(scope) }),
      work: (manager) => this.commit(manager, named, identity),
    });
    return { ...committed, pushed: !hadCredential || (await this.revocations.push()) };
  }

  private async commit(manager: EntityManager, named: NodeName, identity: RequestIdentity): Promise<Committed> {
    const { id, scope, name, busPublicKey } = await enrolled(manager, named);
    const removedAt = await databaseNow(manager);
    // Others share the scope's lock: of two that remove it at once, one.
    const removed = await manager.update(NodeEntity, { id, state: 'enrolled' }, { state: 'removed', removedAt });
    if (removed.affected !== 1) throw unknownNode(named);
    if (busPublicKey !== null) {
      await revokeBusUser(manager, { publicKey: busPublicKey, kind: 'node', revokedAt: removedAt, expiresAt: null });
    }
    const reply = { node_id: id, scope, name, removed_at: removedAt.toISOString() };
    await writeAudit(manager, identity, { scope, before: { node_id: id, name }, after: reply });
    this.logger.info({ scope, node: id }, 'node removed');
    return { ...reply, hadCredential: busPublicKey !== null };
  }
}

/** What is named beside the id has to fit: by its scope the guard has let the operator in. */
async function enrolled(
  manager: EntityManager,
  named: NodeName,
  only: FindOptionsWhere<NodeEntity> = {},
): Promise<NodeEntity> {
  const parts = Object.entries(named).filter(([, part]) => part !== undefined);
  const node = await manager.findOneBy(NodeEntity, { ...only, state: 'enrolled', ...Object.fromEntries(parts) });
  if (node === null) throw unknownNode(named);
  return node;
}
