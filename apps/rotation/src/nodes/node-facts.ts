import type { NodeFacts } from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

// PostgreSQL's driver hands bigint over as text and float8 as a number; epochs stay far below 2^53.
const facts = (name: string, epochsOf: 'epoch' | 'platform_epoch'): string => `
  SELECT ${name} AS name, stream.told_${epochsOf}::float8 AS "toldEpoch",
         stream.settled_${epochsOf}::float8 AS "appliedEpoch", stream.first_seen_at AS "firstSeenAt",
         stream.last_seen_at AS "lastSeenAt"
    FROM ring.node AS node JOIN outbox.node_stream AS stream ON stream.node_id = node.id
   WHERE node.state = 'enrolled'`;

/** What is known of each enrolled Node of a scope: the facts that the close gate and status weigh. */
export const readNodeFacts = (manager: EntityManager, scope: string): Promise<NodeFacts[]> =>
  manager.query(`${facts('node.name', 'epoch')} AND node.scope = $1 ORDER BY node.name`, [scope]);

/**
 * What is known of the Domains' Nodes in regard of the platform's ring, which is one of their anchors: told and applied
 * by its epochs, names with the scope before them. They block no close; they are counted apart. Those that read no statement
 * hear nothing of it.
 */
export const readDomainNodeFacts = (manager: EntityManager): Promise<NodeFacts[]> =>
  manager.query(
    `${facts(`node.scope || '/' || node.name`, 'platform_epoch')} AND node.scope <> $1 AND stream.listens <> 'go'
     ORDER BY node.scope, node.name`,
    [PLATFORM],
  );
