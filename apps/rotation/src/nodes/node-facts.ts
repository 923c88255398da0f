import type { NodeFacts } from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

interface Row {
  name: string;
  told_epoch: string;
  settled_epoch: string;
  first_seen_at: Date | null;
  last_seen_at: Date | null;
}

/** What is known of each enrolled Node of a scope: the facts that the close gate and status weigh. */
export async function readNodeFacts(manager: EntityManager, scope: string): Promise<NodeFacts[]> {
  const rows = await manager.query<Row[]>(
    `SELECT node.name, stream.told_epoch, stream.settled_epoch, stream.first_seen_at, stream.last_seen_at
       FROM ring.node AS node JOIN outbox.node_stream AS stream ON stream.node_id = node.id
      WHERE node.scope = $1 AND node.state = 'enrolled' ORDER BY node.name`,
    [scope],
  );
  return rows.map(asFacts);
}

/**
 * What is known of the Domains' Nodes in regard of the platform's ring, which is one of their anchors: told and applied
 * by its epochs, names with the scope before them. They block no close; they are counted apart.
 */
export async function readDomainNodeFacts(manager: EntityManager): Promise<NodeFacts[]> {
  const rows = await manager.query<Row[]>(
    `SELECT node.scope || '/' || node.name AS name, stream.told_platform_epoch AS told_epoch,
            stream.settled_platform_epoch AS settled_epoch, stream.first_seen_at, stream.last_seen_at
       FROM ring.node AS node JOIN outbox.node_stream AS stream ON stream.node_id = node.id
      WHERE node.scope <> $1 AND node.state = 'enrolled' ORDER BY node.scope, node.name`,
    [PLATFORM],
  );
  return rows.map(asFacts);
}

const asFacts = (row: Row): NodeFacts => ({
  name: row.name,
  toldEpoch: Number(row.told_epoch),
  appliedEpoch: Number(row.settled_epoch),
  firstSeenAt: row.first_seen_at,
  lastSeenAt: row.last_seen_at,
});
