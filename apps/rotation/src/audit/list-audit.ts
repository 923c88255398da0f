import type { EntityManager } from 'typeorm';
import { microsOf, timeOf, timeOrder, type Position } from '../pages/position';
import type { Scopes } from '../rings/list-rings';

/** What is asked for; what is left out may be anything. */
interface AuditQuery {
  /** Whose rows; null: every scope's. */
  scopes: Scopes;
  /** With those of the whole installation, which have no scope. */
  withInstallation: boolean;
  /** As they stand in the log: of an operator's name every id that went by it. */
  actors: readonly string[] | undefined;
  action: string | undefined;
  since: Date | undefined;
  until: Date | undefined;
  after: Position | undefined;
  limit: number;
}

export interface AuditRow extends Position {
  actor: string;
  action: string;
  scope: string | null;
  requestId: string | null;
  before: unknown;
  after: unknown;
  detail: { forced?: unknown } | null;
}

export interface AuditPage {
  rows: AuditRow[];
  /** Where to go on; undefined where there is nothing more. */
  next: Position | undefined;
}

/** So many rows are looked at for one page, whether they fit the whole question or not: then the next page goes on. */
const LOOKED_AT = 2_000;
const FEWEST_LOOKED_AT = 100;

/** Tokens that went by one name, the newest. */
const MOST_IDS = 50;

/** What an index leads to, in the order of time; what else is asked for is looked at row by row. */
interface Lead {
  column: 'scope' | 'actor' | 'action' | null;
  values: readonly string[];
  /** Whether the index knows the action, too. */
  withAction: boolean;
}

/** Whoever sees some scopes alone is led by those, so that nobody walks over the rows of others. */
function leadOf({ scopes, actors, action }: AuditQuery): Lead {
  const withAction = action !== undefined;
  if (scopes !== null) return { column: 'scope', values: scopes, withAction };
  if (actors !== undefined) return { column: 'actor', values: actors, withAction: false };
  return withAction
    ? { column: 'action', values: [action], withAction }
    : { column: null, values: [''], withAction: false };
}

/**
 * One page, newest first. Each value of the leading column is a walk of its own down an index, so what a page costs does
 * not depend on how long the log is (ADR 0025). In a transaction of the caller's.
 */
export async function listAudit(manager: EntityManager, query: AuditQuery): Promise<AuditPage> {
  const lead = leadOf(query);
  const lookedAt = Math.max(FEWEST_LOOKED_AT, Math.floor(LOOKED_AT / Math.max(1, lead.values.length)));
  // The planner takes each value for one of few rows: it would fetch all of a busy one's, and sort them, for this page.
  await manager.query('SET LOCAL enable_bitmapscan = off');
  const [found] = await manager.query<[{ lookedAt: number; last: Position | null; rows: AuditRow[] }]>(
    statement(lead),
    [
      ...[lead.values, query.action ?? null, query.since ?? null, query.until ?? null],
      ...[query.after?.micros ?? null, query.after?.id ?? null, lookedAt],
      ...[query.actors ?? null, query.withInstallation, query.limit + 1],
    ],
  );
  const rows = found.rows.slice(0, query.limit);
  if (found.rows.length > rows.length) return { rows, next: rows.at(-1) };
  return { rows, next: found.lookedAt === lookedAt && found.last !== null ? found.last : undefined };
}

const IS_ACTION = '($2::text IS NULL OR action = $2)';

// Planned anew each time, by what is asked for: what is null falls out before an index is chosen.
function statement({ column, withAction }: Lead): string {
  const { key, written } = timeOrder('happened_at', column !== null);
  const newestFirst = `ORDER BY ${key} DESC, id DESC`;
  return `
    WITH looked_at AS MATERIALIZED (
      SELECT walk.* FROM unnest($1::text[]) AS lead CROSS JOIN LATERAL (
        SELECT * FROM ring.audit
         WHERE ${column === null ? 'true' : `${column} = lead`} AND ${withAction ? IS_ACTION : 'true'}
           AND ($3::timestamptz IS NULL OR ${key} >= ${written('$3::timestamptz')})
           AND ($4::timestamptz IS NULL OR ${key} < ${written('$4::timestamptz')})
           AND ($5::text IS NULL OR (${key}, id) < (${written(timeOf('$5'))}, $6::bigint))
         ${newestFirst} LIMIT $7
      ) AS walk
      ${newestFirst} LIMIT $7
    ),
    fitting AS (
      SELECT * FROM looked_at
       WHERE ${IS_ACTION} AND ($8::text[] IS NULL OR actor = ANY ($8)) AND (scope IS NOT NULL OR $9)
       ${newestFirst} LIMIT $10
    )
    SELECT (SELECT count(*)::int FROM looked_at) AS "lookedAt",
           (SELECT json_build_object('micros', ${microsOf('happened_at')}, 'id', id::text)
              FROM looked_at ORDER BY happened_at, id LIMIT 1) AS last,
           (SELECT coalesce(json_agg(json_build_object(
                     'micros', ${microsOf('happened_at')}, 'id', fitting.id::text,
                     'actor', coalesce(operator.name, fitting.actor), 'action', action, 'scope', scope,
                     'requestId', request_id, 'before', before, 'after', after, 'detail', detail)
                     ORDER BY happened_at DESC, fitting.id DESC), '[]')
              FROM fitting LEFT JOIN ring.operator AS operator
                ON operator.id = CASE WHEN fitting.actor ~ '^[0-9a-f-]{36}$' THEN fitting.actor::uuid END) AS rows`;
}

/** An operator's name may have gone by several ids; whoever is none of them stands in the log by the name itself. */
export async function actorsNamed(manager: EntityManager, name: string): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    `SELECT id::text AS id FROM ring.operator WHERE name = $1 ORDER BY created_at DESC LIMIT ${MOST_IDS}`,
    [name],
  );
  return [name, ...rows.map(({ id }) => id)];
}
