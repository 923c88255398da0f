import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { NodeEntity } from '@plexsphere/store';
import { problem, type Problem } from '@plexsphere/wire';
import type { RemoveNode as Request, RemoveNodeReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Revocations } from '../bus-account/revocations';
import { revokeBusUser } from '../bus-account/bus-users';
import { databaseNow } from '../transactions/database-clock';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { ScopeTransactions } from '../transactions/scope-transactions';
import { nodeScopes } from '../transactions/scope-lock';

type Committed = Omit<RemoveNodeReply, 'pushed'>;

/**
 * A Node that is removed gets nothing more and blocks nothing: no fan-out, claim, hello or gate counts it, and the bus
 * ends its connection. What still waits for it is settled by the relay, whose rows those are.
 */
@Injectable()
export class RemoveNode {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: ScopeTransactions,
    private readonly revocations: Revocations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async remove(request: Request, identity: RequestIdentity): Promise<RemoveNodeReply> {
    const committed = await onceFor(this.database.manager, identity, async () => {
      const { scope } = await find(this.database.manager, request);
      return this.transactions.shared(nodeScopes(scope), identity, (manager) =>
        this.commit(manager, request, identity),
      );
    });
    return { ...committed, pushed: await this.revocations.push() };
  }

  private async commit(manager: EntityManager, request: Request, identity: RequestIdentity): Promise<Committed> {
    const node = await find(manager, request);
    const { id, scope, name } = node;
    const removedAt = await databaseNow(manager);
    // Others share the scope's lock: of two that remove it at once, one.
    const removed = await manager.update(NodeEntity, { id, state: 'enrolled' }, { state: 'removed', removedAt });
    if (removed.affected !== 1) throw unknownNode(request);
    await revokeBusUser(manager, { publicKey: node.busPublicKey, kind: 'node', revokedAt: removedAt, expiresAt: null });
    const reply: Committed = { node_id: id, scope, name, removed_at: removedAt.toISOString() };
    await writeAudit(manager, identity, { scope, before: { node_id: id, name }, after: reply });
    this.logger.info({ scope, node: id }, 'node removed');
    return reply;
  }
}

/** What is named beside the id has to fit: by its scope the guard has let the operator in. */
async function find(manager: EntityManager, { node_id, scope, name }: Request): Promise<NodeEntity> {
  const node = await manager.findOneBy(NodeEntity, {
    state: 'enrolled',
    ...(node_id === undefined ? {} : { id: node_id }),
    ...(scope === undefined ? {} : { scope }),
    ...(name === undefined ? {} : { name }),
  });
  if (node === null) throw unknownNode({ node_id });
  return node;
}

const unknownNode = ({ node_id }: { node_id?: string | undefined }): Problem =>
  problem('unknownNode', { field: node_id === undefined ? 'name' : 'node_id' });
