import type { EntityManager } from 'typeorm';
import { insertRows } from './fan-out';

/** A change of a ring, as Nodes are told of it; the signer builds what is said. */
export interface KeyEvent {
  eventId: string;
  scope: string;
  eventType: string;
  epoch: number;
}

/**
 * Whom it is told: `ownNodes`, of those of its scope, everybody, or those who read statements; and of all other scopes, where
 * the ring is one of their anchors, those who do.
 */
export interface KeyAudience {
  ownNodes: 'all' | 'readers';
  otherNodes: boolean;
}

/** How many rows were written. */
export interface ToldOfKeys {
  nodes: number;
  otherNodes: number | null;
}

/** What no statement has to prove to a Node that reads none: such a one hears of its own ring's trust alone. */
const READS_STATEMENTS = `NOT EXISTS (SELECT FROM outbox.node_stream s WHERE s.node_id = node.id AND s.listens = 'go')`;

/**
 * In the order of the Nodes' ids, which is the index's: in any other order it takes three times as long. The scope's lock is
 * held meanwhile, so nothing else is done for each row. Those of one scope are read in that order from node_of_scope.
 */
const insertOf = (whose: string): string => `
  INSERT INTO outbox.key_message (event_id, node_id)
  SELECT $2::uuid, id FROM ring.node AS node WHERE ${whose} AND state = 'enrolled' ORDER BY id`;

/** Those of all scopes are sorted, in memory: else they are taken one by one from all over the table, in their order. */
const SORTS_IN_MEMORY = `SELECT set_config('work_mem', '64MB', true)`;

/** One row for each enrolled Node that is told, and the event with their number. In the caller's transaction. */
export async function tellOfKeys(
  manager: EntityManager,
  { eventId, scope, eventType, epoch }: KeyEvent,
  { ownNodes, otherNodes }: KeyAudience,
): Promise<ToldOfKeys> {
  const insert = (whose: string): Promise<number> => insertRows(manager, insertOf(whose), [scope, eventId]);
  const own = await insert(ownNodes === 'all' ? 'scope = $1' : `scope = $1 AND ${READS_STATEMENTS}`);
  if (otherNodes) await manager.query(SORTS_IN_MEMORY);
  const others = otherNodes ? await insert(`scope <> $1 AND ${READS_STATEMENTS}`) : null;
  await manager.query(
    `INSERT INTO outbox.event (event_id, scope, event_type, epoch, nodes) VALUES ($1, $2, $3, $4, $5)`,
    [eventId, scope, eventType, epoch, own + (others ?? 0)],
  );
  return { nodes: own, otherNodes: others };
}
