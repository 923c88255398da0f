import { FORKED, type Key, type RingHistory } from '@plexsphere/keyring';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { prepared } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import type { ClaimedNode } from './claimed-node';
import { runPrepared } from './run-prepared';

/** A key ring as the relay needs it: the keyring's own questions, and which event tells of which epoch. */
export interface Ring extends RingHistory {
  /** Of the change that made `epoch`, and of the one that made `trustEpoch`. */
  eventId: string;
  trustEventId: string;
}

/** By scope; that of `platform` among them. */
export type Rings = ReadonlyMap<Scope, Ring>;

/** What was at an epoch that Nodes of this claim were told of. */
interface ToldFacts {
  epoch: number;
  keyId: string | null;
  head: number | null;
  /** Counted to two: whether there is one is what matters. */
  statementsAfter: number;
  /** After which epoch a chain for them begins: that one, or just before the way back from a fork. */
  after: number | null;
  authority: number | null;
  /** Of the platform's ring: who was active at `authority`. */
  named: number | null;
}

interface Row extends Pick<Ring, 'scope' | 'epoch' | 'trustEpoch' | 'superiorEpoch' | 'eventId' | 'trustEventId'> {
  keys: Pick<Key, 'keyId' | 'state'>[];
  told: ToldFacts[];
}

/** A revoke or rollback by the superior authority leads back from any fork of the ring. */
export const LEADS_BACK = (change: string): string =>
  `${change}.by_superior AND ${change}.change IN ('revoke', 'rollback')`;

/**
 * One statement, so one snapshot: epoch and keys of a ring belong together. `$2`: told epochs, by scope. A ring's history
 * is never read whole, for it grows with every change and this runs with every claim: each look is one into an index.
 */
const READ_RINGS = prepared(`
  WITH rings AS (
    SELECT r.scope, r.epoch, r.trust_epoch,
           (SELECT max(c.epoch) FROM ring.ring_change c WHERE c.scope = r.scope AND ${LEADS_BACK('c')}) AS superior
      FROM ring.key_ring r WHERE r.scope = ANY($1::text[])
  ),
  asked AS (
    SELECT r.scope, a.epoch, CASE WHEN a.epoch = ${FORKED} THEN r.superior - 1 ELSE a.epoch END AS after
      FROM jsonb_to_recordset($2::jsonb) AS a(scope text, epoch bigint) JOIN rings r ON r.scope = a.scope
  ),
  vouched AS (
    SELECT a.*, (SELECT min(c.authority_epoch) FROM ring.ring_change c
                  WHERE c.scope = a.scope AND c.epoch > a.after AND c.authority_epoch IS NOT NULL) AS authority
      FROM asked a
  ),
  told AS (
    SELECT v.scope, jsonb_agg(jsonb_build_object(
             'epoch', v.epoch, 'after', v.after, 'authority', v.authority,
             'keyId', (SELECT c.active_key_id FROM ring.ring_change c WHERE c.scope = v.scope AND c.epoch = v.epoch),
             'head', (SELECT max(c.epoch) FROM ring.ring_change c
                       WHERE c.scope = v.scope AND c.epoch <= v.epoch AND c.statement IS NOT NULL),
             'statementsAfter', (SELECT count(*) FROM (
                SELECT FROM ring.ring_change c
                 WHERE c.scope = v.scope AND c.epoch > v.epoch AND c.statement IS NOT NULL LIMIT 2) few),
             'named', (SELECT max(c.epoch) FROM ring.ring_change c
                        WHERE c.scope = '${PLATFORM}' AND c.epoch <= v.authority AND c.statement IS NOT NULL
                          AND c.change <> 'recovery'))) AS facts
      FROM vouched v GROUP BY v.scope
  )
  SELECT r.scope, r.epoch::float8, r.trust_epoch::float8 AS "trustEpoch", r.superior::float8 AS "superiorEpoch",
         (SELECT jsonb_agg(jsonb_build_object('keyId', k.key_id, 'state', k.state)) FROM ring.signing_key k
           WHERE k.scope = r.scope AND k.state IN ('staged', 'active', 'retiring')) AS keys,
         (SELECT c.event_id FROM ring.ring_change c WHERE c.scope = r.scope AND c.epoch = r.epoch) AS "eventId",
         (SELECT c.event_id FROM ring.ring_change c WHERE c.scope = r.scope AND c.epoch = r.trust_epoch) AS "trustEventId",
         coalesce(told.facts, '[]') AS told
    FROM rings r LEFT JOIN told ON told.scope = r.scope`);

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
  const rows = await runPrepared<Row>(manager, READ_RINGS, [scopes, JSON.stringify(epochs)]);
  const facts = rows.flatMap(({ told: each }) => each);
  const named = new Map(facts.map((each) => [each.authority, each.named]));
  return new Map(rows.map((row) => [row.scope, ringOf(row, named)]));
}

/** Who asks for an epoch that was not read gets the answer that makes a chain longer, never shorter. */
function ringOf({ told, ...ring }: Row, named: ReadonlyMap<number | null, number | null>): Ring {
  const at = new Map(told.map((each) => [each.epoch, each]));
  const after = new Map(told.map((each) => [each.after, each]));
  return {
    ...ring,
    activeAt: (epoch) => at.get(epoch)?.keyId ?? undefined,
    statementsAfter: (epoch) => at.get(epoch)?.statementsAfter ?? 0,
    headAt: (epoch) => at.get(epoch)?.head ?? 0,
    authorityAfter: (epoch) => after.get(epoch)?.authority ?? null,
    activeNamedAt: (epoch) => named.get(epoch) ?? 0,
  };
}
