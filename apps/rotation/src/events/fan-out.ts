import { PLATFORM } from '@plexsphere/wire';
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

/** The rows that an INSERT … RETURNING 1 wrote, whichever shape the driver hands over. */
const written = (rows: unknown[]): number => rows.length;

/** One row a Node of the scope, in the transaction that made the event. Returns how many. */
export async function fanOutToScope(manager: EntityManager, event: NewEvent): Promise<number> {
  await insertEvent(manager, event);
  const rows = await manager.query<unknown[]>(
    `INSERT INTO outbox.message (node_id, event_id, ring_scope, epoch)
     SELECT id, $2, CASE WHEN $3::bigint IS NULL THEN NULL ELSE $1 END, $3::bigint
       FROM ring.node WHERE scope = $1 AND state = 'enrolled'
     RETURNING 1`,
    [event.scope, event.eventId, event.epoch],
  );
  return written(rows);
}

/** A new platform key is told to the Nodes of every Domain too: it is one of their three anchors. */
export async function fanOutPlatformChange(manager: EntityManager, eventId: string, epoch: number): Promise<number> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO outbox.message (node_id, event_id, ring_scope, epoch)
     SELECT id, $1, $3, $2::bigint FROM ring.node WHERE scope <> $3 AND state = 'enrolled'
     RETURNING 1`,
    [eventId, epoch, PLATFORM],
  );
  return written(rows);
}

export async function fanOutToNode(manager: EntityManager, event: NewEvent, nodeId: string): Promise<void> {
  await insertEvent(manager, event);
  await manager.query(`INSERT INTO outbox.message (node_id, event_id) VALUES ($1, $2)`, [nodeId, event.eventId]);
}
