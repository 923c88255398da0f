import { TRUST_CHANGES, type GoRing, type Key } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** A ring as Nodes are told of it that read no statement, and which event tells of its trust epoch. */
export interface StoredGoRing extends GoRing {
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

/** One statement, so one snapshot; by ring_head, and never the whole of a history that grows. */
const READ = `
  SELECT r.scope, r.epoch::float8, r.trust_epoch::float8 AS "trustEpoch", clock_timestamp() AS now,
         (SELECT c.event_id FROM ring.ring_change c WHERE c.scope = r.scope AND c.epoch = r.trust_epoch) AS "trustEventId",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('keyId', k.key_id, 'state', k.state,
                                                       'verifiesUntil', k.verifies_until)), '[]')
            FROM ring.signing_key k WHERE k.scope = r.scope AND k.state IN ('staged', 'active', 'retiring')) AS keys,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('epoch', c.epoch, 'activeKeyId', c.active_key_id,
                                                       'previousKeyId', c.previous_key_id,
                                                       'previousUntil', c.previous_until) ORDER BY c.epoch), '[]')
            FROM (SELECT * FROM ring.ring_change c
                   WHERE c.scope = r.scope AND c.statement IS NOT NULL AND c.change NOT IN ('recommit', 'recovery')
                   ORDER BY c.epoch DESC LIMIT ${TRUST_CHANGES}) c) AS changes
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
