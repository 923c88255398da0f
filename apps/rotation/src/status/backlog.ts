import { PLATFORM } from '@plexsphere/wire';
import type { Backlog } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Standing } from '../nodes/counting/standings';
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

/** Each state is found by an index of its own. */
const ORDINARY = (whose: string): string => `
  SELECT node.scope, 1 AS nodes, message.state = 'unsent' AS is_unsent, event.created_at
    FROM (SELECT node_id, event_id, state FROM outbox.message WHERE state = 'unsent'
           UNION ALL
          SELECT node_id, event_id, state FROM outbox.message WHERE state = 'sent') AS message
    JOIN outbox.event AS event ON event.event_id = message.event_id
    JOIN ring.node AS node ON node.id = message.node_id
   WHERE node.state = 'enrolled' AND ${whose}`;

/**
 * Of key events nobody looks at the rows: who waits for one is who has not settled its epoch, and what its stream has told it
 * says whether it was sent. Nodes that stand alike are counted together, of those alone that lack something. Whom a
 * change was written for is as `tellOfKeys` has it.
 */
const OF_KEYS = (standing: string): string => `
  SELECT behind.scope, behind.nodes, event.epoch > ring.told AS is_unsent, event.created_at
    FROM (${standing}) AS behind
   CROSS JOIN LATERAL (
      SELECT behind.scope, behind.told_epoch, behind.settled_epoch
       UNION ALL
      SELECT '${PLATFORM}', behind.told_platform_epoch, behind.settled_platform_epoch WHERE behind.scope <> '${PLATFORM}'
    ) AS ring (scope, told, settled)
    JOIN outbox.event AS event ON event.scope = ring.scope AND event.epoch > ring.settled
    JOIN ring.ring_change AS change ON change.scope = event.scope AND change.epoch = event.epoch
   WHERE CASE WHEN ring.scope <> behind.scope THEN behind.reads_statements AND change.statement IS NOT NULL
              ELSE behind.reads_statements OR event.event_type <> 'chain' END`;

/** As all Nodes were counted, so that nobody looks at them again. */
const COUNTED = `
  SELECT * FROM jsonb_to_recordset($2::jsonb) AS counted (scope text, nodes int, reads_statements boolean, told_epoch bigint,
    settled_epoch bigint, told_platform_epoch bigint, settled_platform_epoch bigint)`;

const ONE_NODE = `
  SELECT scope, 1 AS nodes, listens <> 'go' AS reads_statements, told_epoch, settled_epoch, told_platform_epoch,
         settled_platform_epoch
    FROM outbox.node_stream WHERE state = 'open' AND node_id = $1`;

const count = (ordinary: string, ofKeys: string): string => `
  SELECT scope,
         coalesce(sum(nodes) FILTER (WHERE is_unsent), 0)::int AS unsent,
         coalesce(sum(nodes) FILTER (WHERE NOT is_unsent), 0)::int AS sent,
         min(created_at) AS "oldestAt", min(created_at) FILTER (WHERE is_unsent) AS "oldestUnsentAt"
    FROM (${ORDINARY(ordinary)} UNION ALL ${OF_KEYS(ofKeys)}) AS waiting GROUP BY scope`;

/** What waits for the enrolled Nodes of each scope, as they stand; a scope for whose Nodes nothing waits is not in it. */
export async function countBacklogs(
  manager: EntityManager,
  scopes: Scopes,
  standings: readonly Standing[],
): Promise<Map<string, BacklogRow>> {
  const counted = standings.filter(({ scope }) => scopes?.includes(scope) ?? true).map(asCounted);
  const rows = await manager.query<(BacklogRow & { scope: string })[]>(
    count('($1::text[] IS NULL OR node.scope = ANY ($1))', COUNTED),
    [scopes, JSON.stringify(counted)],
  );
  return new Map(rows.map(({ scope, ...backlog }) => [scope, backlog]));
}

const asCounted = (standing: Standing): object => ({
  ...{ scope: standing.scope, nodes: standing.nodes, reads_statements: standing.readsStatements },
  ...{ told_epoch: standing.toldEpoch, settled_epoch: standing.appliedEpoch },
  ...{ told_platform_epoch: standing.toldPlatformEpoch, settled_platform_epoch: standing.appliedPlatformEpoch },
});

export async function countBacklogOf(manager: EntityManager, nodeId: string): Promise<BacklogRow> {
  const [row] = await manager.query<BacklogRow[]>(count('message.node_id = $1', ONE_NODE), [nodeId]);
  return row ?? NONE;
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
