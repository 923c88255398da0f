import type { EntityManager } from 'typeorm';

/** One event for the outbox. `epoch` is set on key events alone; their payload is built by the signer. */
export interface NewEvent {
  eventId: string;
  scope: string;
  eventType: string;
  payload: string | null;
  epoch: number | null;
}

/** `nodes`: the messages that are written of it, as far as is known by now. */
const insertEvent = (manager: EntityManager, event: NewEvent, nodes: number): Promise<unknown> =>
  manager.query(
    `INSERT INTO outbox.event (event_id, scope, event_type, payload, epoch, nodes) VALUES ($1, $2, $3, $4, $5, $6)`,
    [event.eventId, event.scope, event.eventType, event.payload, event.epoch, nodes],
  );

/** One row for each enrolled Node of the event's scope. Returns how many. */
export async function fanOutToScope(manager: EntityManager, event: NewEvent): Promise<number> {
  await insertEvent(manager, event, 0);
  return insertMessages(manager, event, 'scope = $1');
}

/** What no statement has to prove to a Node that reads none: such a one hears of its own ring's trust alone. */
const READS_STATEMENTS = `(bearer_hash IS NULL
  OR EXISTS (SELECT FROM outbox.node_stream s WHERE s.node_id = node.id AND s.listens <> 'go'))`;

/** What is no change of trust, for those Nodes of the scope whom a chain tells of it. */
export async function fanOutToReaders(manager: EntityManager, event: NewEvent): Promise<number> {
  await insertEvent(manager, event, 0);
  return insertMessages(manager, event, `scope = $1 AND ${READS_STATEMENTS}`);
}

/** The same event for the Nodes of all other scopes, where a ring is one of their anchors. */
export const fanOutToOthers = (manager: EntityManager, event: NewEvent): Promise<number> =>
  insertMessages(manager, event, `scope <> $1 AND ${READS_STATEMENTS}`);

async function insertMessages(
  manager: EntityManager,
  event: NewEvent,
  whose: string,
  named: readonly string[] = [],
): Promise<number> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO outbox.message (node_id, event_id, ring_scope, epoch)
     SELECT id, $2, CASE WHEN $3::bigint IS NULL THEN NULL ELSE $1 END, $3::bigint
       FROM ring.node AS node WHERE ${whose} AND state = 'enrolled'
     RETURNING 1`,
    [event.scope, event.eventId, event.epoch, ...named],
  );
  await manager.query(`UPDATE outbox.event SET nodes = nodes + $2 WHERE event_id = $1`, [event.eventId, rows.length]);
  return rows.length;
}

/** One row for each enrolled Node of the event's scope that has tunnels, but for the one that it is about. */
export async function fanOutToPeers(manager: EntityManager, nodeId: string, event: NewEvent): Promise<number> {
  await insertEvent(manager, event, 0);
  return insertMessages(manager, event, 'scope = $1 AND wireguard_key IS NOT NULL AND id <> $4', [nodeId]);
}

export async function fanOutToNode(manager: EntityManager, event: NewEvent, nodeId: string): Promise<void> {
  await insertEvent(manager, event, 1);
  await manager.query(`INSERT INTO outbox.message (node_id, event_id) VALUES ($1, $2)`, [nodeId, event.eventId]);
}
