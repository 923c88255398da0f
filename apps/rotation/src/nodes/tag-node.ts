import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { NodeEntity } from '@plexsphere/store';
import { MOST_TAGS, problem } from '@plexsphere/wire';
import type { TagNode as TagRequest, TagNodeReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { unknownNode, type NodeName } from './list-nodes';

/** What operators call several Nodes by. No token and no envelope says it. */
@Injectable()
export class TagNode {
  constructor(
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownNode; invariantViolation where it would have too many, or one is added and taken away */
  tag(
    named: NodeName,
    { add, remove }: Pick<TagRequest, 'add' | 'remove'>,
    identity: RequestIdentity,
  ): Promise<TagNodeReply> {
    if (add.some((tag) => remove.includes(tag))) throw problem('invariantViolation', { field: 'remove' });
    // No ring changes by it; of two at once one waits for the Node's row.
    return this.transactions.once(identity, { shared: [] }, async (manager) => {
      const { id, scope, name, tags: before } = await lockNode(manager, named);
      const kept = before.filter((tag) => !remove.includes(tag));
      const tags = [...new Set([...kept, ...add])].sort();
      if (tags.length > MOST_TAGS) throw problem('invariantViolation', { field: 'add', most: MOST_TAGS });
      await manager.query('UPDATE ring.node SET tags = $2 WHERE id = $1', [id, tags]);
      await writeAudit(manager, identity, { scope, before: { node_id: id, name, tags: before }, after: { tags } });
      this.logger.info({ scope, node: id, tags: tags.length }, 'node tagged');
      return { node_id: id, scope, name, tags };
    });
  }
}

async function lockNode(
  manager: EntityManager,
  { id, scope, name }: NodeName,
): Promise<Pick<NodeEntity, 'id' | 'scope' | 'name'> & { tags: string[] }> {
  const [node] = await manager.query<(Pick<NodeEntity, 'id' | 'scope' | 'name'> & { tags: string[] })[]>(
    `SELECT id, scope, name, tags FROM ring.node
      WHERE state = 'enrolled' AND ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR scope = $2)
        AND ($3::text IS NULL OR name = $3) LIMIT 1 FOR UPDATE`,
    [id ?? null, scope ?? null, name ?? null],
  );
  if (node === undefined) throw unknownNode({ id });
  return node;
}
