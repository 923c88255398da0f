import type { EntityManager } from 'typeorm';

/** One event for the outbox. `epoch` is set on key events alone; their payload is built by the signer. */
export interface NewEvent {
  eventId: string;
  scope: string;
  eventType: string;
  payload: string | null;
  epoch: number | null;
}

const insertEvent = (manager: EntityManager, event: NewEvent): Promise<unknown> =>
  manager.query(`INSERT INTO outbox.event (event_id, scope, event_type, payload, epoch) VALUES ($1, $2, $3, $4, $5)`, [
    event.eventId,
    event.scope,
    event.eventType,
    event.payload,
    event.epoch,
  ]);

/** One row for each enrolled Node of the event's scope. Returns how many. */
export async function fanOutToScope(manager: EntityManager, event: NewEvent): Promise<number> {
  await insertEvent(manager, event);
  return insertMessages(manager, event, 'scope = $1');
}

/** The same event for the Nodes of all other scopes, where a ring is one of their anchors. */
export const fanOutToOthers = (manager: EntityManager, event: NewEvent): Promise<number> =>
  insertMessages(manager, event, 'scope <> $1');

async function insertMessages(manager: EntityManager, event: NewEvent, whose: string): Promise<number> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO outbox.message (node_id, event_id, ring_scope, epoch)
     SELECT id, $2, CASE WHEN $3::bigint IS NULL THEN NULL ELSE $1 END, $3::bigint
       FROM ring.node WHERE ${whose} AND state = 'enrolled'
     RETURNING 1`,
    [event.scope, event.eventId, event.epoch],
  );
  return rows.length;
}

export async function fanOutToNode(manager: EntityManager, event: NewEvent, nodeId: string): Promise<void> {
  await insertEvent(manager, event);
  await manager.query(`INSERT INTO outbox.message (node_id, event_id) VALUES ($1, $2)`, [nodeId, event.eventId]);
}
