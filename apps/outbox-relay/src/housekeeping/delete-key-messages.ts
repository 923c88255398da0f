import type { EntityManager } from 'typeorm';

/** Rows a statement: short enough that nobody waits for it. */
const BATCH = 5_000;

/**
 * Key events that are old, and of which nothing is waited for any more: all have settled it, or a later change of trust has come,
 * which is what whoever still lacks it will be told.
 */
const FIND_OLD = `
  SELECT event.event_id
    FROM outbox.event JOIN ring.key_ring ring ON ring.scope = event.scope
   WHERE event.epoch IS NOT NULL AND event.created_at < statement_timestamp() - $1 * interval '1 ms'
     AND (event.nodes <= event.applied + event.superseded OR event.epoch < ring.trust_epoch OR ring.removed_at IS NOT NULL)
   ORDER BY event.created_at LIMIT 100`;

/** The next ones in the index' order: what is deleted is not walked over again. */
const DELETE_PAGE = `
  WITH page AS (
    SELECT event_id, node_id FROM outbox.key_message
     WHERE event_id = $1::uuid AND node_id > $2::uuid ORDER BY node_id LIMIT ${BATCH}),
  gone AS (
    DELETE FROM outbox.key_message k USING page WHERE k.event_id = page.event_id AND k.node_id = page.node_id)
  SELECT count(*)::int AS rows, max(node_id::text) AS last FROM page`;

/** Events of keys with all their messages; the event last, so that what a crash leaves is found again. */
export async function deleteKeyMessages(
  manager: EntityManager,
  retentionMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const old = await manager.query<{ event_id: string }[]>(FIND_OLD, [retentionMs]);
  for (const { event_id: eventId } of old) {
    let after: string | null = '00000000-0000-0000-0000-000000000000';
    while (after !== null) {
      if (stopping.aborted) return;
      const [page]: [{ rows: number; last: string | null }] = await manager.query(DELETE_PAGE, [eventId, after]);
      after = page.rows === BATCH ? page.last : null;
    }
    await manager.query('DELETE FROM outbox.event WHERE event_id = $1', [eventId]);
  }
}
