import type { EntityManager } from 'typeorm';

/** One event for the outbox. */
export interface NewEvent {
  eventId: string;
  scope: string;
  eventType: string;
  payload: string | null;
}

/** `nodes`: the messages that are written of it, as far as is known by now. */
const insertEvent = (manager: EntityManager, event: NewEvent, nodes: number): Promise<unknown> =>
  manager.query(`INSERT INTO outbox.event (event_id, scope, event_type, payload, nodes) VALUES ($1, $2, $3, $4, $5)`, [
    ...[event.eventId, event.scope, event.eventType, event.payload, nodes],
  ]);

/** One row for each enrolled Node of the event's scope. Returns how many. */
export async function fanOutToScope(manager: EntityManager, event: NewEvent): Promise<number> {
  await insertEvent(manager, event, 0);
  return insertMessages(manager, event, 'scope = $1');
}

async function insertMessages(
  manager: EntityManager,
  event: NewEvent,
  whose: string,
  named: readonly string[] = [],
): Promise<number> {
  const nodes = await insertRows(
    manager,
    `INSERT INTO outbox.message (node_id, scope, event_id)
     SELECT id, scope, $2 FROM ring.node AS node WHERE ${whose} AND state = 'enrolled'`,
    [event.scope, event.eventId, ...named],
  );
  await manager.query(`UPDATE outbox.event SET nodes = nodes + $2 WHERE event_id = $1`, [event.eventId, nodes]);
  return nodes;
}

/** One row for each enrolled Node of the event's scope that has tunnels, but for the one that it is about. */
export async function fanOutToPeers(manager: EntityManager, nodeId: string, event: NewEvent): Promise<number> {
  await insertEvent(manager, event, 0);
  return insertMessages(manager, event, 'scope = $1 AND wireguard_key IS NOT NULL AND id <> $3', [nodeId]);
}

export async function fanOutToNode(manager: EntityManager, event: NewEvent, nodeId: string): Promise<void> {
  await insertEvent(manager, event, 1);
  await manager.query(
    `INSERT INTO outbox.message (node_id, scope, event_id) SELECT id, scope, $2 FROM ring.node WHERE id = $1`,
    [nodeId, event.eventId],
  );
}

/** How many rows a statement has written: their number alone comes here, never the rows. In a transaction. */
export async function insertRows(
  manager: EntityManager,
  statement: string,
  parameters: readonly unknown[],
): Promise<number> {
  const result = await manager.queryRunner?.query(statement, [...parameters], true);
  if (result?.affected === undefined) throw new Error('rows are written in a transaction');
  return result.affected;
}
