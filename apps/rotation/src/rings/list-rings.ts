import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface RingRow {
  scope: string;
  epoch: number;
  trustEpoch: number;
  activeKeyId: string;
  /** Whether a rotation is open. */
  open: boolean;
  createdAt: Date;
}

export interface CountedRing extends RingRow {
  /** Those that are enrolled. */
  nodes: number;
}

/** Some scopes, or all of them. */
export type Scopes = readonly string[] | null;

/** The key rings, the platform's first. */
export const listRings = (manager: EntityManager, scopes: Scopes): Promise<RingRow[]> =>
  manager.query(
    `SELECT ring.scope, ring.epoch::float8 AS epoch, ring.trust_epoch::float8 AS "trustEpoch",
            key.key_id AS "activeKeyId", transition.id IS NOT NULL AS open, ring.created_at AS "createdAt"
       FROM ring.key_ring AS ring
       JOIN ring.signing_key AS key ON key.scope = ring.scope AND key.state = 'active'
       LEFT JOIN ring.transition AS transition ON transition.scope = ring.scope AND transition.outcome IS NULL
      WHERE ring.removed_at IS NULL AND ($1::text[] IS NULL OR ring.scope = ANY ($1))
      ORDER BY ring.scope <> $2, ring.scope`,
    [scopes, PLATFORM],
  );

/** With their Nodes, all of whom are looked at: for lists of rings, and for nobody who counts them himself. */
export async function listCountedRings(manager: EntityManager, scopes: Scopes): Promise<CountedRing[]> {
  const rings = await listRings(manager, scopes);
  const counts = await manager.query<{ scope: string; nodes: number }[]>(
    `SELECT scope, count(*)::int AS nodes FROM ring.node
      WHERE state = 'enrolled' AND ($1::text[] IS NULL OR scope = ANY ($1)) GROUP BY scope`,
    [scopes],
  );
  const nodesIn = new Map(counts.map(({ scope, nodes }) => [scope, nodes]));
  return rings.map((ring) => ({ ...ring, nodes: nodesIn.get(ring.scope) ?? 0 }));
}
