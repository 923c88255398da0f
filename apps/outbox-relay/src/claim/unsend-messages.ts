import type { EntityManager } from 'typeorm';
import { ofItsRing } from '../node-stream';

/**
 * What was sent to these Nodes and is not settled is to be sent again. Not key events that the Node has been told of:
 * nothing would ever send those, since epochs and not rows say what a Node must hear of keys. The caller holds the
 * Nodes' node_stream rows, which guard their messages.
 */
export async function unsendMessages(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await manager.query(
    `UPDATE outbox.message m SET state = 'unsent', issued_at = NULL
       FROM outbox.node_stream s
      WHERE s.node_id = m.node_id AND m.node_id = ANY($1::uuid[]) AND m.state = 'sent'
        AND (m.epoch IS NULL OR m.epoch > ${ofItsRing('s.told_epoch', 's.told_platform_epoch')})`,
    [nodeIds],
  );
}
