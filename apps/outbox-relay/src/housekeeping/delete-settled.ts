import type { EntityManager } from 'typeorm';

/** Rows a statement: short enough that nobody waits for it. */
const BATCH = 5_000;

/** By the statement's own time: one that may differ from row to row finds nothing in an index. */
const DELETE_MESSAGES = `
  WITH old AS (
    SELECT id FROM outbox.message
     WHERE state = 'settled' AND settled_at < statement_timestamp() - $1 * interval '1 ms'
     ORDER BY settled_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
  DELETE FROM outbox.message m USING old WHERE m.id = old.id`;

/**
 * Ordinary events that no message needs any more. Never a young one: it may have been written for a scope without Nodes, and
 * costs nothing.
 */
const DELETE_EVENTS = `
  WITH old AS (
    SELECT e.event_id FROM outbox.event e
     WHERE e.epoch IS NULL AND e.created_at < statement_timestamp() - $1 * interval '1 ms'
       AND NOT EXISTS (SELECT FROM outbox.message m WHERE m.event_id = e.event_id)
     ORDER BY e.created_at LIMIT ${BATCH})
  DELETE FROM outbox.event e USING old WHERE e.event_id = old.event_id`;

/** One batch of each. Returns whether some may be left. */
export async function deleteSettled(manager: EntityManager, retentionMs: number): Promise<boolean> {
  const [, messages] = await manager.query<[unknown, number]>(DELETE_MESSAGES, [retentionMs]);
  const [, events] = await manager.query<[unknown, number]>(DELETE_EVENTS, [retentionMs]);
  return messages === BATCH || events === BATCH;
}
