import { prepared, type Listens } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { runPrepared } from '../claim/run-prepared';

/** An enrolled Node, and what it has shown before. */
export interface KnownNode {
  nodeId: string;
  scope: Scope;
  listens: Listens;
  lastPosition: number;
  settledEpoch: number;
  settledPlatformEpoch: number;
  settledPosition: number;
  /** The heads that it showed last, where they are forks: of its own ring, and of the platform's. */
  forkedHead: string | null;
  platformForkedHead: string | null;
}

/** In the order of node_id, as everybody locks these rows. */
const LOCK = prepared(`
  SELECT s.node_id AS "nodeId", s.scope, s.listens, s.last_position::float8 AS "lastPosition",
         s.settled_epoch::float8 AS "settledEpoch", s.settled_platform_epoch::float8 AS "settledPlatformEpoch",
         s.settled_position::float8 AS "settledPosition",
         CASE WHEN s.forked_at IS NOT NULL THEN s.head END AS "forkedHead",
         CASE WHEN s.platform_forked_at IS NOT NULL THEN s.platform_head END AS "platformForkedHead"
    FROM outbox.node_stream s
    JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
   WHERE s.node_id = ANY($1::uuid[])
   ORDER BY s.node_id FOR UPDATE OF s`);

/** By id, locked in the caller's transaction. Who is not among them is nobody. */
export async function lockKnownNodes(
  manager: EntityManager,
  nodeIds: readonly string[],
): Promise<Map<string, KnownNode>> {
  const rows = await runPrepared<KnownNode>(manager, LOCK, [[...new Set(nodeIds)]]);
  return new Map(rows.map((row) => [row.nodeId, row]));
}
