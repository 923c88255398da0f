/**
 * The domain's `progressOf` (libs/keyring) said in SQL, for a mesh of any size: one scan counts, and gathers the ids of those
 * alone who are to be named and did not stand among the first Nodes. count-nodes.spec.ts compares it with that rule.
 */
import { PLATFORM } from '@plexsphere/wire';

/** A Node counts in regard of its own scope's ring and, as a Domain's that reads statements, of the platform's. */
export type Regard = 'own' | 'platform';

const LISTS = ['lagging', 'pending', 'offline', 'waiting'] as const;
type List = (typeof LISTS)[number];

/** The lists of which the scan has to find the first names. */
export type Wanted = Record<List, boolean> & {
  /** Of those who count as there the quietest was heard before this instant; null: it is known. */
  heard_before: string | null;
};

export interface CountedScope extends Partial<Record<Regard, Wanted>> {
  scope: string;
  trustEpoch: number;
}

export interface NamedNode {
  name: string;
  /** When it was last heard; null of one that never was. */
  since: string | null;
}

export type RegardCounts = Record<List, { count: number; first: NamedNode[] }> & {
  enrolled: number;
  sent: number;
  /** Of those who count as there the earliest last word, and by whom where that was asked. */
  heard: string | null;
  quietest: NamedNode | null;
};

/** A scope that has an enrolled Node. */
export interface CountedRow extends Record<Regard, RegardCounts> {
  scope: string;
  waitingSince: Date | null;
}

const [TERMS, SCOPES, OFFLINE_BEFORE] = ['$1::jsonb', '$2::text[]', '$3::timestamptz'];
const [NAMES, PLATFORM_EPOCH] = ['$4::int', '$5::bigint'];

/** Null of one that is pending: it may have called, and holds nothing. */
const HEARD = 'CASE WHEN stream.first_seen_at IS NOT NULL THEN coalesce(stream.last_seen_at, stream.first_seen_at) END';
const IS_OFFLINE = `${HEARD} < ${OFFLINE_BEFORE}`;
/** One that has registered and never had a stream is pending. */
const IS_WAITING = 'stream.waits_since IS NOT NULL AND stream.stream_seen_at IS NOT NULL';

const REGARDS = {
  own: { isIn: 'true', trust: 'counted.trust_epoch', told: 'stream.told_epoch', applied: 'stream.settled_epoch' },
  platform: {
    isIn: `stream.scope <> '${PLATFORM}' AND stream.listens <> 'go'`,
    ...{ trust: PLATFORM_EPOCH, told: 'stream.told_platform_epoch', applied: 'stream.settled_platform_epoch' },
  },
} as const;

function counts(regard: Regard): string {
  const { isIn, trust, told, applied } = REGARDS[regard];
  const hasApplied = `stream.first_seen_at IS NOT NULL AND ${applied} >= ${trust}`;
  const isOf: Record<List, string> = {
    lagging: `stream.first_seen_at IS NOT NULL AND ${applied} < ${trust}`,
    pending: 'stream.first_seen_at IS NULL',
    offline: IS_OFFLINE,
    waiting: IS_WAITING,
  };
  const columns = {
    enrolled: `count(*) FILTER (WHERE ${isIn})`,
    sent: `count(*) FILTER (WHERE ${isIn} AND (${told} >= ${trust} OR ${hasApplied}))`,
    heard: `min(${HEARD}) FILTER (WHERE ${isIn} AND NOT ${IS_OFFLINE})`,
    quietest_ids: ids(`${HEARD} < counted.${regard}_heard_before AND ${isIn} AND NOT ${IS_OFFLINE}`),
    ...Object.fromEntries(
      LISTS.flatMap((list) => [
        [list, `count(*) FILTER (WHERE ${isIn} AND ${isOf[list]})`],
        [`${list}_ids`, ids(`counted.${regard}_${list} AND ${isIn} AND ${isOf[list]}`)],
      ]),
    ),
  };
  return Object.entries(columns)
    .map(([name, value]) => `${value} AS ${regard}_${name}`)
    .join(',\n           ');
}

const ids = (condition: string): string => `array_agg(stream.node_id) FILTER (WHERE ${condition})`;

const named = (of: string, order: string, most: string): string => `
    SELECT node.name, ${HEARD} AS since
      FROM unnest(found.${of}_ids) AS wanted (id)
      JOIN ring.node AS node ON node.id = wanted.id
      JOIN outbox.node_stream AS stream ON stream.node_id = wanted.id
     ORDER BY ${order} LIMIT ${most}`;

/** By the millisecond, as the domain sees times. */
const BY_SILENCE = `date_trunc('milliseconds', ${HEARD}), node.name`;

const asJson = (regard: Regard): string => `jsonb_build_object(
    'enrolled', found.${regard}_enrolled, 'sent', found.${regard}_sent, 'heard', found.${regard}_heard,
    'quietest', (SELECT to_jsonb(one) FROM (${named(`${regard}_quietest`, BY_SILENCE, '1')}) AS one),
    ${LISTS.map(
      (list) => `'${list}', jsonb_build_object('count', found.${regard}_${list}, 'first',
      (SELECT coalesce(jsonb_agg(one), '[]') FROM (${named(`${regard}_${list}`, 'node.name', NAMES)}) AS one))`,
    ).join(',\n    ')}) AS ${regard}`;

const columnsOf = (regard: Regard): string =>
  [...LISTS.map((list) => `${regard}_${list} boolean`), `${regard}_heard_before timestamptz`].join(', ');

/** The scopes stand in it twice: as what is counted against, and as what an index can look up. A stream is open while its Node is enrolled. */
export const countStatement = (regards: readonly Regard[]): string => `
  WITH found AS MATERIALIZED (
    SELECT stream.scope, min(stream.waits_since) FILTER (WHERE ${IS_WAITING}) AS waiting_since,
           ${regards.map(counts).join(',\n           ')}
      FROM outbox.node_stream AS stream
      JOIN jsonb_to_recordset(${TERMS}) AS counted (scope text, trust_epoch bigint, ${regards.map(columnsOf).join(', ')})
        ON counted.scope = stream.scope
     WHERE stream.state = 'open' AND stream.scope = ANY (${SCOPES})
     GROUP BY stream.scope
  )
  SELECT found.scope, found.waiting_since AS "waitingSince", ${regards.map(asJson).join(',\n         ')}
    FROM found ORDER BY found.scope`;

/** As the statement takes it. */
export const termsOf = ({ scope, trustEpoch, own, platform }: CountedScope): object => ({
  scope,
  trust_epoch: trustEpoch,
  ...prefixed('own', own),
  ...prefixed('platform', platform),
});

const prefixed = (regard: Regard, wanted: Wanted | undefined): object =>
  Object.fromEntries(Object.entries(wanted ?? {}).map(([name, value]) => [`${regard}_${name}`, value]));
