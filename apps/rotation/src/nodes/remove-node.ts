import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { NodeEntity } from '@plexsphere/store';
import type { RemoveNodeReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { Revocations } from '../bus-account/revocations';
import { findMembership, leaveChannel, type Membership } from '../channels/leave-channel';
import { AfterCommit, type MadeEpoch } from '../rotations/after-commit';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { changing, nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { unknownNode, type NodeName } from './list-nodes';
import { takeOut, type Leave } from './take-out';

/** `hadCredential`: of the bus, which has to refuse it. `rings`: of the channel that it was a member of. */
type Committed = Omit<RemoveNodeReply, 'pushed'> & { hadCredential: boolean; rings: MadeEpoch[] };

/**
 * A Node that is removed gets nothing more and blocks nothing: no fan-out, claim, hello or gate counts it, and the bus
 * ends its connection. What still waits for it is settled by the relay, whose rows those are. A member leaves its channel.
 */
@Injectable()
export class RemoveNode {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    private readonly revocations: Revocations,
    private readonly afterCommit: AfterCommit,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownNode */
  async remove(
    named: NodeName,
    identity: RequestIdentity,
    only: FindOptionsWhere<NodeEntity> = {},
    leave?: Leave,
  ): Promise<RemoveNodeReply> {
    const { hadCredential, rings, ...committed } = await this.transactions.oncePrepared(identity, {
      prepare: async () => {
        const node = await enrolled(this.database.manager, named, only);
        return { scope: node.scope, membership: await findMembership(this.database.manager, node.id) };
      },
      lock: ({ scope, membership }) =>
        membership === null ? { shared: nodeScopes(scope) } : changing(...membership.channel.scopes),
      work: (manager, { membership }) => this.commit(manager, named, { membership, leave }, identity),
    });
    await Promise.all(rings.map((ring) => this.afterCommit.finish(ring)));
    return { ...committed, pushed: !hadCredential || (await this.revocations.push()) };
  }

  private async commit(
    manager: EntityManager,
    named: NodeName,
    { membership, leave }: { membership: Membership | null; leave: Leave | undefined },
    identity: RequestIdentity,
  ): Promise<Committed> {
    const { id, scope, name, busPublicKey } = await enrolled(manager, named);
    const removedAt = await databaseNow(manager);
    if (!(await takeOut(manager, { id, busPublicKey }, removedAt, leave))) throw unknownNode(named);
    const left = membership && (await leaveChannel(manager, membership, { at: removedAt, identity }));
    const reply = { node_id: id, scope, name, removed_at: removedAt.toISOString() };
    const after = leave?.state === 'revoked' ? { ...reply, reason: leave.revokedReason } : reply;
    await writeAudit(manager, identity, { scope, before: { node_id: id, name }, after });
    this.logger.info({ scope, node: id }, leave?.state === 'revoked' ? 'node revoked' : 'node removed');
    return { ...reply, hadCredential: busPublicKey !== null, rings: left?.rings ?? [] };
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
