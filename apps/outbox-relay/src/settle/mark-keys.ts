import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** Rows of outbox.key_mark a transaction. */
const BATCH = 8;

/** Above the pool's own limit: of Nodes that slept through very much there is much to mark, and nobody waits for it. */
const TIMEOUT = '120s';

/**
 * In the order in which it was written down, of each Node: what was passed over before something was applied stays so, and what
 * is marked stays as it is. Of what was told at once the newest that the Node has a message of is what was sent.
 *
 * Whoever else marks at this instant takes the same rows first, waits for them here, and finds them gone.
 */
const MARK = `
  WITH taken AS (
    DELETE FROM outbox.key_mark WHERE id IN (SELECT id FROM outbox.key_mark ORDER BY id LIMIT ${BATCH}) RETURNING id, marks
  ),
  mark AS (
    SELECT taken.id, d.*
      FROM taken
     CROSS JOIN LATERAL jsonb_to_recordset(taken.marks) AS d(node_id uuid, scope text, how text, after_epoch bigint,
                                                             epoch bigint, after_platform_epoch bigint, platform_epoch bigint)
  ),
  reach AS (
    SELECT id, node_id, how, scope AS ring, after_epoch AS after, epoch AS up_to FROM mark
     UNION ALL
    SELECT id, node_id, how, '${PLATFORM}', after_platform_epoch, platform_epoch FROM mark WHERE scope <> '${PLATFORM}'
  ),
  covered AS (
    SELECT r.id, r.how, k.event_id, k.node_id, k.applied, e.epoch,
           max(e.epoch) OVER (PARTITION BY r.id, r.node_id, r.ring) AS newest
      FROM reach r
      JOIN outbox.event e ON e.scope = r.ring AND e.epoch > r.after AND e.epoch <= r.up_to
      JOIN outbox.key_message k ON k.event_id = e.event_id::uuid AND k.node_id = r.node_id
  ),
  settled AS (
    SELECT DISTINCT ON (event_id, node_id) event_id, node_id, how = 'applied' AS applied
      FROM covered WHERE applied IS NULL AND (how <> 'passed' OR epoch < newest)
     ORDER BY event_id, node_id, id
  ),
  marked AS (
    UPDATE outbox.key_message k SET applied = settled.applied
      FROM settled WHERE k.event_id = settled.event_id AND k.node_id = settled.node_id AND k.applied IS NULL
    RETURNING k.event_id, k.applied
  )
  UPDATE outbox.event e SET applied = e.applied + sums.applied, superseded = e.superseded + sums.superseded
    FROM (SELECT event_id::text, count(*) FILTER (WHERE applied) AS applied,
                 count(*) FILTER (WHERE NOT applied) AS superseded FROM marked GROUP BY event_id) sums
   WHERE e.event_id = sums.event_id`;

/** Marks the messages of what was written down first. False where nothing is left to be. */
export async function markKeys(database: { manager: EntityManager }): Promise<boolean> {
  // Nearly always there is none, and that is to cost next to nothing.
  const [row] = await database.manager.query<[{ some: boolean }]>(
    'SELECT EXISTS (SELECT FROM outbox.key_mark) AS some',
  );
  if (!row.some) return false;
  await database.manager.transaction('READ COMMITTED', async (manager) => {
    await manager.query(`SET LOCAL statement_timeout = '${TIMEOUT}'`);
    await manager.query(MARK);
  });
  return true;
}
