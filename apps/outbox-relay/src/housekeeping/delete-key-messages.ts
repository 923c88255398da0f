import type { EntityManager } from 'typeorm';

/** Rows a statement: short enough that nobody waits for it. */
const BATCH = 5_000;

/**
 * Key events that are old, and of which nothing is waited for any more: all have settled it, or a later change of trust has come,
 * which is what whoever still lacks it will be told. Of each ring by the index of key events alone, in its order: nothing is
 * sorted, and no ordinary event is passed by.
 */
const FIND_OLD = `
  SELECT old.event_id
    FROM ring.key_ring ring
   CROSS JOIN LATERAL (
     SELECT event.event_id FROM outbox.event
      WHERE event.scope = ring.scope AND event.epoch IS NOT NULL
        AND event.created_at < statement_timestamp() - $1 * interval '1 ms'
        AND (event.nodes <= event.applied + event.superseded OR event.epoch < ring.trust_epoch OR ring.removed_at IS NOT NULL)
      ORDER BY event.epoch LIMIT 100
   ) AS old
   LIMIT 100`;

/** Of the next ones in the index' order the last: what is deleted is not walked over again. */
const FIND_END = `
  SELECT node_id AS last FROM outbox.key_message WHERE event_id = $1::uuid AND node_id > $2::uuid
   ORDER BY node_id OFFSET ${BATCH - 1} LIMIT 1`;

/** By a range, which the planner knows the size of: joined with a page it reads the whole table for each. */
const DELETE_RANGE = `
  DELETE FROM outbox.key_message WHERE event_id = $1::uuid AND node_id > $2::uuid AND node_id <= $3::uuid`;

const [LEAST, GREATEST] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/** Events of keys with all their messages; the event last, so that what a crash leaves is found again. */
export async function deleteKeyMessages(
  manager: EntityManager,
  retentionMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const old = await manager.query<{ event_id: string }[]>(FIND_OLD, [retentionMs]);
  for (const { event_id: eventId } of old) {
    for (let after = LEAST; after !== GREATEST;) {
      if (stopping.aborted) return;
      const [end] = await manager.query<{ last: string }[]>(FIND_END, [eventId, after]);
      const last = end?.last ?? GREATEST;
      await manager.query(DELETE_RANGE, [eventId, after, last]);
      after = last;
    }
    await manager.query('DELETE FROM outbox.event WHERE event_id = $1', [eventId]);
  }
}
