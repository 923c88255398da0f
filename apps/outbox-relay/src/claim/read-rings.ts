import type { RingHistory } from '@plexsphere/keyring';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { ClaimedNode } from './claimed-node';

/**
 * A key ring as the relay needs it: which keys verify, which event tells of which epoch, and what was at the epochs that
 * Nodes of this claim were told of. Statements are counted to two: whether there is one is what matters.
 */
export interface Ring extends RingHistory {
  /** Of the change that made `epoch`, and of the one that made `trustEpoch`. */
  eventId: string;
  trustEventId: string;
}

/** By scope; that of `platform` among them. */
export type Rings = ReadonlyMap<Scope, Ring>;

type Row = Omit<Ring, 'activeAt' | 'statementsAfter'> & {
  told: { epoch: number; keyId: string | null; statementsAfter: number }[];
};

/**
 * One statement, so one snapshot: epoch and keys of a ring belong together. `$2`: told epochs, by scope. A ring's history
 * is never read whole, for it grows with every rotation and this runs with every claim.
 */
const READ_RINGS = `
  SELECT r.scope, r.epoch::float8, r.trust_epoch::float8 AS "trustEpoch",
         (SELECT jsonb_agg(jsonb_build_object('keyId', k.key_id, 'state', k.state)) FROM ring.signing_key k
           WHERE k.scope = r.scope AND k.state IN ('staged', 'active', 'retiring')) AS keys,
         (SELECT c.event_id FROM ring.ring_change c WHERE c.scope = r.scope AND c.epoch = r.epoch) AS "eventId",
         (SELECT c.event_id FROM ring.ring_change c WHERE c.scope = r.scope AND c.epoch = r.trust_epoch) AS "trustEventId",
         (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'epoch', told.epoch,
                   'keyId', (SELECT c.active_key_id FROM ring.ring_change c
                               WHERE c.scope = told.scope AND c.epoch = told.epoch),
                   'statementsAfter', (SELECT count(*) FROM (
                      SELECT FROM ring.ring_change c
                       WHERE c.scope = told.scope AND c.epoch > told.epoch AND c.statement IS NOT NULL LIMIT 2) few))), '[]')
            FROM jsonb_to_recordset($2::jsonb) AS told(scope text, epoch bigint) WHERE told.scope = r.scope) AS told
    FROM ring.key_ring r WHERE r.scope = ANY($1::text[])`;

/** The rings of these Nodes' scopes, and the platform's, as they stand now. */
export async function readRings(
  manager: EntityManager,
  nodes: readonly Pick<ClaimedNode, 'scope' | 'toldEpoch' | 'toldPlatformEpoch'>[],
): Promise<Rings> {
  const scopes = [...new Set([PLATFORM, ...nodes.map((node) => node.scope)])];
  const told = nodes.flatMap((node) => [`${node.scope} ${node.toldEpoch}`, `${PLATFORM} ${node.toldPlatformEpoch}`]);
  const epochs = [...new Set(told)].map((text) => {
    const [scope, epoch] = text.split(' ');
    return { scope, epoch };
  });
  const rows = await manager.query<Row[]>(READ_RINGS, [scopes, JSON.stringify(epochs)]);
  return new Map(rows.map((row) => [row.scope, ringOf(row)]));
}

/** Of a ring whose statements are rotations alone. */
const NOT_READ_YET: Pick<RingHistory, 'superiorEpoch' | 'headAt' | 'activeNamedAt' | 'authorityAfter'> = {
  superiorEpoch: null,
  headAt: (epoch) => epoch,
  activeNamedAt: (epoch) => epoch,
  authorityAfter: () => null,
};

function ringOf({ told, ...ring }: Row): Ring {
  const byEpoch = new Map(told.map((each) => [each.epoch, each]));
  return {
    ...ring,
    ...NOT_READ_YET,
    activeAt: (epoch) => byEpoch.get(epoch)?.keyId ?? undefined,
    statementsAfter: (epoch) => byEpoch.get(epoch)?.statementsAfter ?? 0,
  };
}
