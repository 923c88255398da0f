import type { EntityManager } from 'typeorm';
import { microsOf, timeOf, timeOrder, type Position } from '../pages/position';
import type { Scopes } from '../rings/list-rings';

export interface EventRow {
  eventId: string;
  scope: string;
  eventType: string;
  epoch: number | null;
  createdAt: Date;
  micros: string;
  nodes: number;
  /** Known of key events, whose messages are counted as they are marked; null of others. */
  applied: number | null;
  /** Each as far as was counted. */
  waiting: number;
  superseded: number;
  expired: number;
}

// Predicate and order are those of the index message_unapplied: the planner takes an event for one that many Nodes lack,
// and would walk over the whole table for one that none does.
const counted = (outcome: string): string => `
  (SELECT count(*)::int FROM (
     SELECT FROM outbox.message AS message
      WHERE message.event_id = event.event_id AND (outcome IS NULL OR outcome <> 'applied') AND ${outcome}
      ORDER BY outcome, id LIMIT $1) AS one)`;

const byKind = (ofKeys: string, ordinary: string): string =>
  `CASE WHEN event.epoch IS NULL THEN ${ordinary} ELSE ${ofKeys} END`;

const selectEvent = (from: string): string => `
  SELECT event_id AS "eventId", scope, event_type AS "eventType", epoch::float8 AS epoch, created_at AS "createdAt",
         ${microsOf('created_at')} AS micros, nodes, ${byKind('event.applied', 'NULL')} AS applied,
         ${byKind('least($1::int, nodes - event.applied - event.superseded)', counted('outcome IS NULL'))} AS waiting,
         ${byKind('least($1::int, event.superseded)', counted(`outcome = 'superseded'`))} AS superseded,
         ${byKind('0', counted(`outcome = 'expired'`))} AS expired
    FROM ${from} AS event`;

function walk(isLed: boolean): { rows: string; newestFirst: string } {
  const { key, written } = timeOrder('created_at', isLed);
  const newestFirst = `ORDER BY ${key} DESC, event_id DESC`;
  const rows = `
    SELECT * FROM outbox.event
     WHERE ${isLed ? 'scope = lead' : 'true'}
       AND ($2::text IS NULL OR (${key}, event_id) < (${written(timeOf('$2'))}, $3::text))
     ${newestFirst} LIMIT $4`;
  return { rows, newestFirst };
}

/** The newest first, those that come after a place; of each scope a walk of its own down the index. */
export function listEvents(
  manager: EntityManager,
  scopes: Scopes,
  { after, limit, countTo }: { after: Position | undefined; limit: number; countTo: number },
): Promise<EventRow[]> {
  const page = [countTo, after?.micros ?? null, after?.id ?? null, limit];
  const { rows, newestFirst } = walk(scopes !== null);
  if (scopes === null) return manager.query(`${selectEvent(`(${rows})`)} ${newestFirst}`, page);
  const each = `SELECT walk.* FROM unnest($5::text[]) AS lead CROSS JOIN LATERAL (${rows}) AS walk`;
  return manager.query(`${selectEvent(`(${each} ${newestFirst} LIMIT $4)`)} ${newestFirst}`, [...page, scopes]);
}

export async function findEvent(
  manager: EntityManager,
  scopes: Scopes,
  eventId: string,
  countTo: number,
): Promise<EventRow | undefined> {
  const [row] = await manager.query<EventRow[]>(
    `${selectEvent('outbox.event')} WHERE event_id = $2 AND ($3::text[] IS NULL OR scope = ANY ($3))`,
    [countTo, eventId, scopes],
  );
  return row;
}
