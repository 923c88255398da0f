import type { EntityManager } from 'typeorm';

/**
 * Key rows left unsent of what their Nodes have been told already: without this the Node would be due for ever. What it
 * has settled is applied, the rest is sent.
 */
const TIDY = `
  UPDATE outbox.message m SET
    state = CASE WHEN m.epoch <= known.settled_epoch THEN 'settled' ELSE 'sent' END,
    outcome = CASE WHEN m.epoch <= known.settled_epoch THEN 'applied' END,
    sent_at = clock_timestamp(),
    settled_at = CASE WHEN m.epoch <= known.settled_epoch THEN clock_timestamp() END
    FROM outbox.node_stream s
   CROSS JOIN LATERAL (
     VALUES (true, s.told_epoch, s.settled_epoch), (false, s.told_platform_epoch, s.settled_platform_epoch)
   ) AS known(own, told_epoch, settled_epoch)
   WHERE s.node_id = ANY($1::uuid[]) AND m.node_id = s.node_id AND m.state = 'unsent'
     AND (m.ring_scope = s.scope) = known.own AND m.epoch <= known.told_epoch`;

/** The caller has claimed the Nodes in this transaction and found nothing to say to them. */
export async function tidyKeyMessages(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length > 0) await manager.query(TIDY, [nodeIds]);
}
