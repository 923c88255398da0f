import type { EntityManager } from 'typeorm';
import { ofItsRing } from '../node-stream';

/**
 * Key rows left unsent of what their Nodes have been told already: without this the Node would be due for ever. What it
 * has settled is applied, the rest is sent.
 */
const IS_SETTLED = `m.epoch <= ${ofItsRing('s.settled_epoch', 's.settled_platform_epoch')}`;
const TIDY = `
  UPDATE outbox.message m SET
    state = CASE WHEN ${IS_SETTLED} THEN 'settled' ELSE 'sent' END,
    outcome = CASE WHEN ${IS_SETTLED} THEN 'applied' END,
    sent_at = clock_timestamp(),
    settled_at = CASE WHEN ${IS_SETTLED} THEN clock_timestamp() END
    FROM outbox.node_stream s
   WHERE s.node_id = ANY($1::uuid[]) AND m.node_id = s.node_id AND m.state = 'unsent'
     AND m.epoch <= ${ofItsRing('s.told_epoch', 's.told_platform_epoch')}`;

/** The caller has claimed the Nodes in this transaction and found nothing to say to them. */
export async function tidyKeyMessages(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length > 0) await manager.query(TIDY, [nodeIds]);
}
