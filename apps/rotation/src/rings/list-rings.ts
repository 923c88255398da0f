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

type Row = Omit<RingRow, 'epoch' | 'trustEpoch'> & { epoch: string; trustEpoch: string };

/** The key rings, the platform's first. */
export async function listRings(manager: EntityManager, scopes: Scopes): Promise<RingRow[]> {
  const rows = await manager.query<Row[]>(
    `SELECT ring.scope, ring.epoch, ring.trust_epoch AS "trustEpoch", key.key_id AS "activeKeyId",
            transition.id IS NOT NULL AS open, coalesce(node.count, 0)::int AS nodes, ring.created_at AS "createdAt"
       FROM ring.key_ring AS ring
       JOIN ring.signing_key AS key ON key.scope = ring.scope AND key.state = 'active'
       LEFT JOIN ring.transition AS transition ON transition.scope = ring.scope AND transition.outcome IS NULL
       LEFT JOIN (SELECT scope, count(*) FROM ring.node WHERE state = 'enrolled' GROUP BY scope) AS node
              ON node.scope = ring.scope
      WHERE $1::text[] IS NULL OR ring.scope = ANY ($1)
      ORDER BY ring.scope <> $2, ring.scope`,
    [scopes, PLATFORM],
  );
  return rows.map((row) => ({ ...row, epoch: Number(row.epoch), trustEpoch: Number(row.trustEpoch) }));
}
