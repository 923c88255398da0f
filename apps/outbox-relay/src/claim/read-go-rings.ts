import { TRUST_CHANGES, type GoRing, type Key } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** A ring as Nodes are told of it that read no statement, and which event tells of its trust epoch. */
interface StoredGoRing extends GoRing {
  epoch: number;
  trustEventId: string;
  /** By the database's clock, when it was read. */
  now: Date;
}

export type GoRings = ReadonlyMap<Scope, StoredGoRing>;

interface Row {
  scope: Scope;
  epoch: number;
  trustEpoch: number;
  trustEventId: string;
  now: Date;
  keys: { keyId: string; state: Key['state']; verifiesUntil: string | null }[];
  changes: { epoch: number; activeKeyId: string; previousKeyId: string | null; previousUntil: string | null }[];
}

/**
 * The latest change of trust of which that holds: one step down ring_head. Of several at once a planner may think that they
 * are all that a ring has, and sort the whole of a history that grows.
 */
const TOLD = (which: string, turn: string): string => `
  SELECT c.epoch, c.active_key_id, c.previous_key_id, c.previous_until, ${turn} AS turn FROM ring.ring_change c
   WHERE c.scope = r.scope AND ${which} AND c.statement IS NOT NULL AND c.change NOT IN ('recommit', 'recovery')
   ORDER BY c.epoch DESC LIMIT 1`;

/** One statement, so one snapshot. */
const READ = `
  SELECT r.scope, r.epoch::float8, r.trust_epoch::float8 AS "trustEpoch", clock_timestamp() AS now,
         (SELECT c.event_id FROM ring.ring_change c WHERE c.scope = r.scope AND c.epoch = r.trust_epoch) AS "trustEventId",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('keyId', k.key_id, 'state', k.state,
                                                       'verifiesUntil', k.verifies_until)), '[]')
            FROM ring.signing_key k WHERE k.scope = r.scope AND k.state IN ('staged', 'active', 'retiring')) AS keys,
         (WITH RECURSIVE told AS (
            SELECT * FROM (${TOLD('true', '1')}) latest
            UNION ALL
            SELECT earlier.* FROM told CROSS JOIN LATERAL (${TOLD('c.epoch < told.epoch', 'told.turn + 1')}) earlier
             WHERE told.turn < ${TRUST_CHANGES})
          SELECT coalesce(jsonb_agg(jsonb_build_object('epoch', epoch, 'activeKeyId', active_key_id,
                                                       'previousKeyId', previous_key_id,
                                                       'previousUntil', previous_until) ORDER BY epoch), '[]')
            FROM told) AS changes
    FROM ring.key_ring r WHERE r.scope = ANY($1::text[])`;

/** By scope. */
export async function readGoRings(manager: EntityManager, scopes: readonly Scope[]): Promise<GoRings> {
  if (scopes.length === 0) return new Map();
  const rows = await manager.query<Row[]>(READ, [[...new Set(scopes)]]);
  return new Map(rows.map((row) => [row.scope, ringOf(row)]));
}

/** Inside JSON times are text. */
const ringOf = ({ keys, changes, ...ring }: Row): StoredGoRing => ({
  ...ring,
  keys: keys.map((key) => ({ ...key, verifiesUntil: timeOf(key.verifiesUntil) })),
  changes: changes.map((change) => ({ ...change, previousUntil: timeOf(change.previousUntil) })),
});

const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));
