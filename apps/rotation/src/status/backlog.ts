import type { Backlog } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { secondsBetween } from '../transactions/database-clock';

/** Rows that their Nodes have not applied, as far as anybody knows: no relay has sent them yet, or no word has come. */
export interface BacklogRow {
  unsent: number;
  sent: number;
  /** When the oldest of them was written; null where there is none. */
  oldestAt: Date | null;
  oldestUnsentAt: Date | null;
}

const COUNTED = `
  count(*) FILTER (WHERE message.state = 'unsent')::int AS unsent,
  count(*) FILTER (WHERE message.state = 'sent')::int AS sent,
  min(event.created_at) AS "oldestAt",
  min(event.created_at) FILTER (WHERE message.state = 'unsent') AS "oldestUnsentAt"`;

/** What waits for the enrolled Nodes of each scope; a scope for whose Nodes nothing waits is not in it. */
export async function countBacklogs(manager: EntityManager, scopes: Scopes): Promise<Map<string, BacklogRow>> {
  const rows = await manager.query<(BacklogRow & { scope: string })[]>(
    `SELECT node.scope, ${COUNTED}
       FROM outbox.message AS message
       JOIN outbox.event AS event ON event.event_id = message.event_id
       JOIN ring.node AS node ON node.id = message.node_id
      WHERE message.state <> 'settled' AND node.state = 'enrolled' AND ($1::text[] IS NULL OR node.scope = ANY ($1))
      GROUP BY node.scope`,
    [scopes],
  );
  return new Map(rows.map(({ scope, ...backlog }) => [scope, backlog]));
}

export async function countBacklogOf(manager: EntityManager, nodeId: string): Promise<BacklogRow> {
  const [row] = await manager.query<[BacklogRow]>(
    `SELECT ${COUNTED}
       FROM outbox.message AS message JOIN outbox.event AS event ON event.event_id = message.event_id
      WHERE message.state <> 'settled' AND message.node_id = $1`,
    [nodeId],
  );
  return row;
}

const NONE: BacklogRow = { unsent: 0, sent: 0, oldestAt: null, oldestUnsentAt: null };

export function backlogView(backlog: BacklogRow = NONE, now: Date): Backlog {
  const { unsent, sent, oldestAt, oldestUnsentAt } = backlog;
  const age = (since: Date | null): number | null => since && secondsBetween(since, now);
  return {
    rows: unsent + sent,
    unsent,
    sent,
    oldest_seconds: age(oldestAt),
    oldest_unsent_seconds: age(oldestUnsentAt),
  };
}
