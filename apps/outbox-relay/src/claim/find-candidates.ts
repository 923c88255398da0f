import { FORKED } from '@plexsphere/keyring';
import { askPrepared, prepared } from '@plexsphere/store';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';
import { IS_UNCLAIMED } from '../node-stream';

/**
 * Why a Node may be due. Each is an index that has those alone of whom it can be true, in an order of its own, and is read on
 * from where the last look got to.
 */
export type Source =
  /** It lacks trust: of its own ring, of the platform's, a Node that reads no statement, one that follows another chain. */
  | 'own'
  | 'platform'
  | 'go'
  | 'astray'
  /** A chain goes on; it said hello; an event is unsent; what it has not settled is to be sent again. */
  | 'chain'
  | 'hello'
  | 'unsent'
  | 'again'
  /** It lacks the news of a close, of its own ring or of the platform's. */
  | 'close'
  | 'platform_close';

/** How far an index of one scope was read: the last row's key, and whose it was. */
export interface Place {
  at: number;
  nodeId: string;
}

/** What a look asks of a scope: how many of each source at most, of a close apart; and each source from where on. */
export interface Asked {
  scope: Scope;
  room: number;
  closeRoom: number;
  places: Partial<Record<Source, Place>>;
}

export interface Found extends Place {
  source: Source;
  scope: Scope;
  /** Nobody has claimed it, and it is not left alone for a while. */
  isFree: boolean;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** As the indexes have them: those who follow our chains by their statements, and those who have left one. */
const READS = `s.state = 'open' AND s.listens <> 'go'`;
const IS_OURS = `${READS} AND s.told_epoch > ${FORKED} AND s.told_platform_epoch > ${FORKED}`;
const IS_ASTRAY = `${READS} AND (s.told_epoch = ${FORKED} OR s.told_platform_epoch = ${FORKED})`;

interface Way {
  /** Of outbox.node_stream, as the index has it. */
  who: string;
  /** What the index is ordered by before the Node, and up to where it is read: by `l`, the scope that is looked at. */
  key?: string;
  upTo?: string;
}

const SOURCES: Record<Exclude<Source, 'unsent'>, Way> = {
  own: { who: IS_OURS, key: 's.told_epoch', upTo: '< l.trust_epoch' },
  platform: { who: IS_OURS, key: 's.told_platform_epoch', upTo: '< l.platform_trust_epoch' },
  go: {
    who: `s.state = 'open' AND s.listens = 'go' AND s.waits_since IS NULL`,
    ...{ key: 'least(s.told_epoch, coalesce(s.ready_epoch, 0))', upTo: '< l.trust_epoch' },
  },
  astray: { who: IS_ASTRAY },
  chain: { who: `s.state = 'open' AND s.chain IS NOT NULL` },
  hello: {
    who: `s.state = 'open' AND s.hello IS NOT NULL AND s.waits_since IS NULL
          AND (s.told_epoch > ${FORKED} OR s.listens = 'go')`,
  },
  again: {
    who: `s.state = 'open' AND s.resend_at IS NOT NULL AND s.told_epoch > ${FORKED}`,
    ...{ key: 's.resend_at', upTo: '<= statement_timestamp()' },
  },
  close: { who: IS_OURS, key: 's.told_epoch', upTo: '< l.epoch AND $2' },
  platform_close: { who: IS_OURS, key: 's.told_platform_epoch', upTo: '< l.platform_epoch AND $2' },
};

/** Where each is read on; a close concerns those alone who do not lack trust. */
const AT: Record<Source, string> = {
  ...{ own: 'bigint', platform: 'bigint', go: 'bigint', astray: 'bigint', chain: 'bigint', hello: 'bigint' },
  ...{ unsent: 'bigint', again: 'float8', close: 'bigint', platform_close: 'bigint' },
};
const BEGINS: Partial<Record<Source, string>> = { close: 'r.trust_epoch', platform_close: 'p.trust_epoch' };

export const isCloseNews = (source: Source): boolean => source in BEGINS;

const place = (source: Source): string => {
  const from = BEGINS[source];
  if (from === undefined)
    return `coalesce(c.${source}_at, 0) AS ${source}_at, coalesce(c.${source}_node, '${NOBODY}') AS ${source}_node`;
  return `greatest(c.${source}_at, ${from}) AS ${source}_at,
          CASE WHEN c.${source}_at >= ${from} THEN c.${source}_node ELSE '${NOBODY}' END AS ${source}_node`;
};

const read = (source: Exclude<Source, 'unsent'>): string => {
  const { who, key, upTo } = SOURCES[source];
  const from = AT[source] === 'float8' ? `to_timestamp(l.${source}_at)` : `l.${source}_at`;
  const at = key === undefined ? '0' : AT[source] === 'float8' ? `extract(epoch FROM ${key})` : key;
  const [order, after] =
    key === undefined ? ['s.node_id', `l.${source}_node`] : [`${key}, s.node_id`, `(${from}, l.${source}_node)`];
  return `
  SELECT '${source}' AS source, l.scope, x.node_id AS "nodeId", x.at::float8 AS at, x.is_free AS "isFree"
    FROM looked l CROSS JOIN LATERAL (
      SELECT s.node_id, ${at} AS at, ${IS_UNCLAIMED} AS is_free FROM outbox.node_stream s
       WHERE ${who} AND s.scope = l.scope AND ${key === undefined ? order : `(${order})`} > ${after}
         ${upTo === undefined ? '' : `AND ${key} ${upTo}`}
       ORDER BY ${order} LIMIT l.${isCloseNews(source) ? 'close_room' : 'room'}) x`;
};

/**
 * By the index message_due alone: its own condition, `scope > ''`, is always true, and no statement may take the index without
 * it (ADR 47). The scope has bounds and is not said to equal one, so that no other index has this order.
 */
const UNSENT = `
  SELECT 'unsent', l.scope, x.node_id, x.id::float8, true
    FROM looked l CROSS JOIN LATERAL (
      SELECT m.node_id, m.id FROM outbox.message m
       WHERE m.state = 'unsent' AND m.scope > '' AND (m.scope, m.id) > (l.scope, l.unsent_at) AND m.scope <= l.scope
       ORDER BY m.scope, m.id LIMIT l.room) x`;

const NAMES = Object.keys(AT) as Source[];

/**
 * The next of each source in each scope that has a ring of its own, whoever has claimed them: what is passed over has cost
 * as much as what is found, and must not be paid for at each look.
 */
const FIND = prepared(`
  WITH looked AS MATERIALIZED (
    SELECT r.scope, r.epoch, r.trust_epoch, p.epoch AS platform_epoch, p.trust_epoch AS platform_trust_epoch,
           coalesce(c.room, $3) AS room, coalesce(c.close_room, $3) AS close_room, ${NAMES.map(place).join(', ')}
      FROM ring.key_ring r JOIN ring.key_ring p ON p.scope = '${PLATFORM}'
      LEFT JOIN jsonb_to_recordset($1::jsonb) AS c(scope text, room integer, close_room integer,
        ${NAMES.map((name) => `${name}_at ${AT[name]}, ${name}_node uuid`).join(', ')}) ON c.scope = r.scope
     WHERE r.removed_at IS NULL AND (r.scope = '${PLATFORM}' OR starts_with(r.scope, 'domain:'))
  )
  ${(Object.keys(SOURCES) as (keyof typeof SOURCES)[]).map(read).join(' UNION ALL ')} UNION ALL ${UNSENT}`);

/** `room`: of scopes that nothing is asked of. Without `closeNews`, none of whom nothing but a close is news. */
export function findCandidates(
  database: DataSource,
  asked: readonly Asked[],
  { room, closeNews }: { room: number; closeNews: boolean },
): Promise<Found[]> {
  const rows = asked.map(({ scope, places, room: most, closeRoom }) => ({
    ...{ scope, room: most, close_room: closeRoom },
    ...Object.fromEntries(
      Object.entries(places).flatMap(([source, { at, nodeId }]) => [
        [`${source}_at`, at],
        [`${source}_node`, nodeId],
      ]),
    ),
  }));
  return askPrepared(database, FIND, [JSON.stringify(rows), closeNews, room]);
}
