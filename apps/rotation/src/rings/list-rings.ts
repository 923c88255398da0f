import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface RingRow {
  scope: string;
  epoch: number;
  trustEpoch: number;
  activeKeyId: string;
  /** Whether a rotation is open. */
  open: boolean;
  /** Those that are enrolled. */
  nodes: number;
  createdAt: Date;
}

/** Some scopes, or all of them. */
export type Scopes = readonly string[] | null;

/** The key rings, the platform's first. */
export const listRings = (manager: EntityManager, scopes: Scopes): Promise<RingRow[]> =>
  manager.query(
    `SELECT ring.scope, ring.epoch::float8 AS epoch, ring.trust_epoch::float8 AS "trustEpoch",
            key.key_id AS "activeKeyId", transition.id IS NOT NULL AS open, coalesce(node.count, 0)::int AS nodes,
            ring.created_at AS "createdAt"
       FROM ring.key_ring AS ring
       JOIN ring.signing_key AS key ON key.scope = ring.scope AND key.state = 'active'
       LEFT JOIN ring.transition AS transition ON transition.scope = ring.scope AND transition.outcome IS NULL
       LEFT JOIN (SELECT scope, count(*) FROM ring.node WHERE state = 'enrolled' GROUP BY scope) AS node
              ON node.scope = ring.scope
      WHERE ring.removed_at IS NULL AND ($1::text[] IS NULL OR ring.scope = ANY ($1))
      ORDER BY ring.scope <> $2, ring.scope`,
    [scopes, PLATFORM],
  );
