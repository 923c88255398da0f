import { OFFLINE_AFTER_MS, batchOf, wavesOf } from '@plexsphere/keyring';
import type { Listens } from '@plexsphere/store';
import type { PlanFleet, PlanFleetReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { roomFor } from '../node-keys/require-room';
import type { Scopes } from '../rings/list-rings';
import { chosenBy, requireNamed } from './fleet-targets';

/** Of those that are named. */
const NAMED = 20;

interface Named {
  node_id: string;
  scope: string;
  name: string;
}

/** What a run would be if it began now. @throws Problem permissionDenied, unknownScope, unknownNode */
export async function planFleet(
  manager: EntityManager,
  { targets, mode, batch }: PlanFleet,
  scopes: Scopes,
): Promise<PlanFleetReply> {
  await requireNamed(manager, targets, scopes);
  const { where, parameters } = chosenBy(targets, scopes);
  const from = `
    FROM ring.node AS node JOIN outbox.node_stream AS stream ON stream.node_id = node.id
    LEFT JOIN ring.node_key AS key ON key.node_id = node.id AND key.state = 'active'
   WHERE ${where}`;
  const [counts] = await manager.query<[{ nodes: number; without: number; offline: number }]>(
    `SELECT count(key.node_id)::int AS nodes, (count(*) - count(key.node_id))::int AS without,
            count(key.node_id) FILTER (WHERE ${SILENT})::int AS offline ${from}`,
    parameters,
  );
  const named = <Row extends Named>(columns: string, condition: string): Promise<Row[]> =>
    manager.query(
      `SELECT node.id AS node_id, node.scope, node.name${columns} ${from} AND ${condition}
        ORDER BY node.scope, node.name LIMIT ${NAMED}`,
      parameters,
    );
  const { nodes } = counts;
  return {
    nodes,
    waves: wavesOf(nodes, batchOf(mode, batch ?? null)),
    without_node_key: counts.without,
    left_out: await named<Named & { listens: Listens }>(', stream.listens', 'key.node_id IS NULL'),
    offline: counts.offline,
    fits: await roomFor(manager),
    first: await named('', 'key.node_id IS NOT NULL'),
  };
}

const SILENT = `coalesce(stream.last_seen_at, stream.first_seen_at, node.added_at)
                <= clock_timestamp() - interval '${OFFLINE_AFTER_MS} ms'`;
