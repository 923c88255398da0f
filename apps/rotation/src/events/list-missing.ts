import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';

export interface MissingRow {
  nodeId: string;
  scope: string;
  name: string;
  state: 'unsent' | 'sent' | 'expired';
  since: Date;
  lastSeenAt: Date | null;
}

/** Those that wait stand before those that are given up, each in the order in which they were written down. */
export const MISSING_PHASES = ['waiting', 'expired'] as const;

export interface MissingPlace {
  phase: (typeof MISSING_PHASES)[number];
  id: string;
}

export interface MissingPage {
  rows: MissingRow[];
  next: MissingPlace | undefined;
}

// In the order of the index message_unapplied: of one outcome, that is by id.
const walk = (phase: MissingPlace['phase'], isOutcome: string, after: string): string => `
  SELECT id, node_id, state, outcome, sent_at, settled_at, '${phase}' AS phase FROM outbox.message
   WHERE event_id = $1 AND (outcome IS NULL OR outcome <> 'applied') AND ${isOutcome} AND ${after}
   ORDER BY outcome, id LIMIT $4`;

const SELECT = `
  WITH waiting AS (${walk('waiting', 'outcome IS NULL', `$2 = 'waiting' AND id > $3`)}),
       expired AS (${walk('expired', `outcome = 'expired'`, `($2 = 'waiting' OR id > $3)`)}),
       page AS (SELECT * FROM waiting UNION ALL SELECT * FROM expired ORDER BY phase DESC, id LIMIT $4)
  SELECT page.id::text AS id, page.phase, node.id AS "nodeId", node.scope, node.name,
         CASE page.phase WHEN 'expired' THEN 'expired' ELSE page.state END AS state,
         coalesce(page.settled_at, page.sent_at, event.created_at) AS since, stream.last_seen_at AS "lastSeenAt",
         $5::text[] IS NULL OR node.scope = ANY ($5) AS "isSeen"
    FROM page JOIN outbox.event AS event ON event.event_id = $1
    JOIN ring.node AS node ON node.id = page.node_id
    LEFT JOIN outbox.node_stream AS stream ON stream.node_id = page.node_id
   ORDER BY page.phase DESC, page.id`;

/**
 * A page of the Nodes that do not have an event. Those of scopes that are not theirs are left out after the page was cut:
 * so one request looks at no more than a page of rows, and may show fewer.
 */
export async function listMissing(
  manager: EntityManager,
  eventId: string,
  scopes: Scopes,
  { after, limit }: { after: MissingPlace | undefined; limit: number },
): Promise<MissingPage> {
  const found = await manager.query<FoundMissing[]>(SELECT, [
    ...[eventId, after?.phase ?? 'waiting', after?.id ?? '0', limit + 1, scopes],
  ]);
  return cutAt(found, limit);
}

export type FoundMissing = MissingRow & MissingPlace & { isSeen: boolean };

/** Of one more than a page. */
export function cutAt(found: readonly FoundMissing[], limit: number): MissingPage {
  const page = found.slice(0, limit);
  return { rows: page.filter(({ isSeen }) => isSeen), next: found.length > page.length ? page.at(-1) : undefined };
}
