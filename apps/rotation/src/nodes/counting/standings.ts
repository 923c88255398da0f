/**
 * Where all enrolled Nodes stand, by one scan of their streams however many scopes are asked for: Nodes that stand alike are
 * counted together, so that no row is compared with its ring's epoch, and what waits for them is known by the same scan. With it
 * come the names of those few who are to be named and did not stand among the first Nodes.
 */
import type { EntityManager } from 'typeorm';
import { HEARD, IS_WAITING, NAMED_TERMS, namedOf, type NamedNode, type NamesWanted } from './names';

/** Enrolled Nodes of a scope of which the same was told and settled. */
export interface Standing {
  scope: string;
  /** Of those that read none the platform's epochs say nothing. */
  readsStatements: boolean;
  toldEpoch: number;
  appliedEpoch: number;
  toldPlatformEpoch: number;
  appliedPlatformEpoch: number;
  nodes: number;
  /** Those that hold something: the others are pending. */
  seen: number;
  offline: number;
  /** The earliest last word of those who count as there. */
  heard: string | null;
  waiting: number;
  waitingSince: string | null;
}

export interface Scan {
  /** null: all of them. */
  scopes: readonly string[] | null;
  /** Silent since before it is offline. */
  offlineBefore: Date;
  /** In each list. */
  names: number;
  /** The lists whose names are found on the way. */
  wanted: readonly NamesWanted[];
}

/** Epochs of one ring as one number: an epoch is a change of a ring, and no ring sees 2^31 of them. */
const EPOCHS = (told: string, settled: string): string => `(stream.${told} << 32 | stream.${settled})`;
const OWN = EPOCHS('told_epoch', 'settled_epoch');
const OF_PLATFORM = `CASE stream.listens WHEN 'go' THEN -1 ELSE ${EPOCHS('told_platform_epoch', 'settled_platform_epoch')} END`;

const OFFLINE_BEFORE = '$1::timestamptz';

type Parameter = (value: unknown) => string;

/** Whose ids are gathered: all who stand in a list whose names are wanted. Most conditions name no scope, so that some others come along. */
function gathers(wanted: readonly NamesWanted[], parameter: Parameter): string {
  const of = (list: NamesWanted['list']): NamesWanted[] => wanted.filter((each) => each.list === list);
  const lagging = of('lagging');
  const own = lagging.filter(({ regard }) => regard === 'own');
  const platform = lagging.find(({ regard }) => regard === 'anchor');
  const conditions = [
    ...(of('pending').length > 0 ? ['stream.first_seen_at IS NULL'] : []),
    ...(of('waiting').length > 0 ? [IS_WAITING] : []),
    ...(own.length > 0
      ? [
          `CASE stream.scope ${own
            .map(
              (each) =>
                `WHEN ${parameter(each.scope)} THEN stream.settled_epoch < ${parameter(each.trustEpoch)}::bigint`,
            )
            .join(' ')} ELSE false END`,
        ]
      : []),
    ...(platform ? [`stream.settled_platform_epoch < ${parameter(platform.trustEpoch)}::bigint`] : []),
    ...isSilent(of('offline').length > 0, latest(of('quietest')), parameter),
  ];
  return conditions.join(' OR ');
}

/** The quietest counts as there, so that whoever is off was heard before it: where both are wanted, one look tells. */
function isSilent(isOfflineWanted: boolean, quietestBefore: string, parameter: Parameter): string[] {
  if (quietestBefore === '') return isOfflineWanted ? [`${HEARD} < ${OFFLINE_BEFORE}`] : [];
  const isHeardBefore = `${HEARD} < ${parameter(quietestBefore)}::timestamptz`;
  return [isOfflineWanted ? isHeardBefore : `${HEARD} >= ${OFFLINE_BEFORE} AND ${isHeardBefore}`];
}

const latest = (wanted: readonly NamesWanted[]): string =>
  wanted.reduce((one, { heardBefore }) => ((heardBefore ?? '') > one ? (heardBefore ?? '') : one), '');

const scanOf = (isOfScopes: string, ids: string): string => `
    SELECT stream.scope, ${OWN} AS own, ${OF_PLATFORM} AS platform,
           count(*)::int AS nodes, count(stream.first_seen_at)::int AS seen,
           (count(*) FILTER (WHERE ${HEARD} < ${OFFLINE_BEFORE}))::int AS offline,
           min(${HEARD}) FILTER (WHERE ${HEARD} >= ${OFFLINE_BEFORE}) AS heard,
           (count(stream.waits_since) FILTER (WHERE stream.stream_seen_at IS NOT NULL))::int AS waiting,
           min(stream.waits_since) FILTER (WHERE stream.stream_seen_at IS NOT NULL) AS waiting_since${ids}
      FROM outbox.node_stream AS stream
     WHERE stream.state = 'open'${isOfScopes}
     GROUP BY 1, 2, 3`;

const told = (epochs: string): string => `(greatest(found.${epochs}, 0) >> 32)`;
const settled = (epochs: string): string => `(greatest(found.${epochs}, 0) & 4294967295)`;

const AS_JSON = `jsonb_build_object('scope', found.scope, 'readsStatements', found.platform >= 0,
    'toldEpoch', ${told('own')}, 'appliedEpoch', ${settled('own')},
    'toldPlatformEpoch', ${told('platform')}, 'appliedPlatformEpoch', ${settled('platform')},
    'nodes', found.nodes, 'seen', found.seen, 'offline', found.offline, 'heard', found.heard,
    'waiting', found.waiting, 'waitingSince', found.waiting_since)`;

/** Looked up once, however many lists they may stand in. */
const GATHERED = `
    SELECT stream.scope, stream.listens, stream.settled_epoch, stream.settled_platform_epoch, stream.first_seen_at,
           stream.last_seen_at, stream.waits_since, stream.stream_seen_at, node.name
      FROM found CROSS JOIN unnest(found.ids) AS of_found (id)
      JOIN outbox.node_stream AS stream ON stream.node_id = of_found.id
      JOIN ring.node AS node ON node.id = of_found.id`;

export interface Scanned {
  standings: Standing[];
  named: { wanted: NamesWanted; nodes: NamedNode[] }[];
}

export async function readStandings(manager: EntityManager, scan: Scan): Promise<Scanned> {
  const { scopes, offlineBefore, names, wanted } = scan;
  const parameters: unknown[] = [offlineBefore];
  const parameter: Parameter = (value) => `$${parameters.push(value)}`;
  const isOfScopes = scopes === null ? '' : ` AND stream.scope = ANY (${parameter(scopes)}::text[])`;
  const condition = gathers(wanted, parameter);
  const ids = wanted.length === 0 ? '' : `,\n           array_agg(stream.node_id) FILTER (WHERE ${condition}) AS ids`;
  const named =
    wanted.length === 0
      ? `'[]'::jsonb`
      : `(SELECT jsonb_agg(named.nodes ORDER BY wanted.place)
            FROM jsonb_to_recordset(${parameter(termsOf(wanted))}::jsonb) AS wanted (${NAMED_TERMS})
           CROSS JOIN LATERAL ${namedOf({
             from: 'gathered AS stream',
             where: 'stream.scope = wanted.scope',
             offlineBefore: OFFLINE_BEFORE,
             most: `${parameter(names)}::int`,
           })} AS named)`;
  const gathered = wanted.length === 0 ? '' : `, gathered AS MATERIALIZED (${GATHERED})`;
  const [row] = await manager.query<{ standings: Standing[]; named: NamedNode[][] }[]>(
    `WITH found AS MATERIALIZED (${scanOf(isOfScopes, ids)})${gathered}
     SELECT coalesce((SELECT jsonb_agg(${AS_JSON}) FROM found), '[]') AS standings, ${named} AS named`,
    parameters,
  );
  return {
    standings: row?.standings ?? [],
    named: wanted.map((each, place) => ({ wanted: each, nodes: row?.named[place] ?? [] })),
  };
}

/** The same of lists that turned out to have somebody whom the scan had not gathered: by a look at all Nodes for each. */
export async function readNames(
  manager: EntityManager,
  { wanted, offlineBefore, names }: Pick<Scan, 'wanted' | 'offlineBefore' | 'names'>,
): Promise<Scanned['named']> {
  if (wanted.length === 0) return [];
  const rows = await manager.query<{ nodes: NamedNode[] }[]>(
    `SELECT named.nodes FROM jsonb_to_recordset($1::jsonb) AS wanted (${NAMED_TERMS})
      CROSS JOIN LATERAL ${namedOf({
        from: 'outbox.node_stream AS stream JOIN ring.node AS node ON node.id = stream.node_id',
        where: `stream.state = 'open' AND stream.scope = wanted.scope`,
        offlineBefore: '$2::timestamptz',
        most: '$3::int',
      })} AS named ORDER BY wanted.place`,
    [termsOf(wanted), offlineBefore, names],
  );
  return wanted.map((each, place) => ({ wanted: each, nodes: rows[place]?.nodes ?? [] }));
}

const termsOf = (wanted: readonly NamesWanted[]): string =>
  JSON.stringify(
    wanted.map(({ scope, regard, list, trustEpoch, heardBefore }, place) => ({
      ...{ place, scope, list, is_own: regard === 'own', trust_epoch: trustEpoch, heard_before: heardBefore },
    })),
  );
