/** Who reports, and what stands of what they reported before. */
import type { Acknowledgement, KeyState } from '@plexsphere/keyring';
import { problem, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { unheardBy } from './tell-members';

/** A key that a member's last report proved. */
export interface ProvenKey {
  epoch: number;
  proof: string;
}

/** A ring as a member's report of it is held against it. */
export interface RingBefore {
  scope: Scope;
  epoch: number;
  trustEpoch: number;
  /** That of the last change of which the member is told. */
  newsEpoch: number;
  /** Those that it holds, by key id: with the epoch that each came in at. */
  keys: ReadonlyMap<string, { state: KeyState; stagedEpoch: number }>;
  /** By key id. */
  proven: ReadonlyMap<string, ProvenKey>;
  /** Of the report before; null where there was none. */
  report: { acknowledged: Acknowledgement | null; alone: Alone; periodFrom: Date } | null;
}

/** By key id: when the member last verified by that key and no newer one, and the period of the report that told of it. */
export type Alone = Record<string, { at: string; period_from: string; reported_at: string }>;

export interface Reporter {
  nodeId: string;
  /** By the database's clock. */
  now: Date;
  /** Both of its channel. */
  rings: ReadonlyMap<Scope, RingBefore>;
}

interface Row {
  now: Date;
  scope: Scope;
  epoch: number;
  trustEpoch: number;
  newsEpoch: number;
  keys: { key_id: string; state: KeyState; staged_epoch: number }[];
  proven: ({ key_id: string } & ProvenKey)[];
  alone: Alone | null;
  acknowledgedEpoch: number | null;
  acknowledgedAt: Date | null;
  periodFrom: Date | null;
}

/** Every member asks so every minute: one look, by keys. No gateway speaks for a Node on the bus. */
const READ = `
  SELECT date_trunc('milliseconds', clock_timestamp()) AS now, ring.scope, ring.epoch::float8 AS epoch,
         ring.trust_epoch::float8 AS "trustEpoch",
         (SELECT change.epoch FROM ring.ring_change AS change
           WHERE change.scope = ring.scope
             AND change.change <> ALL (CASE WHEN way.signs = member.side THEN $3::text[] ELSE $4::text[] END)
           ORDER BY change.epoch DESC LIMIT 1)::float8 AS "newsEpoch",
         (SELECT jsonb_agg(jsonb_build_object('key_id', key_id, 'state', key.state, 'staged_epoch', staged_epoch))
            FROM ring.signing_key AS key
           WHERE key.scope = ring.scope AND key.state NOT IN ('retired', 'revoked')) AS keys,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('key_id', key_id, 'epoch', key.epoch, 'proof', proof)), '[]')
            FROM ring.member_key AS key WHERE key.scope = ring.scope AND key.node_id = member.node_id) AS proven,
         report.verified_alone AS alone, report.acknowledged_epoch::float8 AS "acknowledgedEpoch",
         report.acknowledged_at AS "acknowledgedAt", report.period_from AS "periodFrom"
    FROM ring.member AS member
    JOIN ring.node AS node ON node.id = member.node_id AND node.state = 'enrolled'
    JOIN ring.channel AS channel ON channel.slug = member.slug
   CROSS JOIN LATERAL (VALUES (side_a, format('channel:%s:%s-to-%s', channel.slug, side_a, side_b)),
                              (side_b, format('channel:%s:%s-to-%s', channel.slug, side_b, side_a))) AS way (signs, scope)
    JOIN ring.key_ring AS ring ON ring.scope = way.scope
    LEFT JOIN ring.member_report AS report ON report.scope = ring.scope AND report.node_id = member.node_id
   WHERE member.node_id = $1 AND member.removed_at IS NULL AND (node.bus_public_key IS NULL) = $2`;

/** @throws Problem notAMember: of a Node that is none, and of a ring of another channel */
export async function readReporter(
  manager: EntityManager,
  { nodeId, isOverHttp }: { nodeId: string; isOverHttp: boolean },
  scopes: readonly Scope[],
): Promise<Reporter> {
  const rows = await manager.query<Row[]>(READ, [nodeId, isOverHttp, unheardBy('sender'), unheardBy('receiver')]);
  const [first] = rows;
  const isTheirs = (scope: Scope): boolean => rows.some((row) => row.scope === scope);
  if (first === undefined || !scopes.every(isTheirs)) throw problem('notAMember');
  return {
    nodeId,
    now: first.now,
    rings: new Map(rows.map((row) => [row.scope, asBefore(row)])),
  };
}

const asBefore = ({
  scope,
  epoch,
  trustEpoch,
  newsEpoch,
  keys,
  proven,
  alone,
  periodFrom,
  ...row
}: Row): RingBefore => ({
  ...{ scope, epoch, trustEpoch, newsEpoch },
  keys: new Map(keys.map(({ key_id, state, staged_epoch }) => [key_id, { state, stagedEpoch: staged_epoch }])),
  proven: new Map(proven.map(({ key_id, ...key }) => [key_id, key])),
  report: alone && periodFrom && { acknowledged: acknowledgementOf(row), alone, periodFrom },
});

const acknowledgementOf = ({
  acknowledgedEpoch: trustEpoch,
  acknowledgedAt: at,
}: Pick<Row, 'acknowledgedEpoch' | 'acknowledgedAt'>): Acknowledgement | null =>
  trustEpoch === null || at === null ? null : { trustEpoch, at };
