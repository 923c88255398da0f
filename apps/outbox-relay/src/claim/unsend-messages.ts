import type { EntityManager } from 'typeorm';

/**
 * What was sent to these Nodes and is not settled is to be sent again. Of keys epochs say so, and no rows. The caller holds
 * the Nodes' node_stream rows, which guard their messages.
 */
export async function unsendMessages(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await manager.query(
    `UPDATE outbox.message SET state = 'unsent', issued_at = NULL WHERE node_id = ANY($1::uuid[]) AND state = 'sent'`,
    [nodeIds],
  );
}
