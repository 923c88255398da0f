import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/**
 * Key rows left unsent of Nodes that need not hear of them: without this their Node would be due for ever. What the Node
 * has settled is applied; what its stream has told it is sent; a change of the platform ring that changes nothing that a
 * Domain's Node must hold is superseded, up to the epoch that the caller read (a later one is news).
 */
const TIDY = `
  UPDATE outbox.message m SET
    state = CASE WHEN known.settled_epoch < m.epoch AND m.epoch <= known.told_epoch THEN 'sent' ELSE 'settled' END,
    outcome = CASE WHEN m.epoch <= known.settled_epoch THEN 'applied'
                   WHEN m.epoch <= known.told_epoch THEN NULL ELSE 'superseded' END,
    sent_at = clock_timestamp(),
    settled_at = CASE WHEN known.settled_epoch < m.epoch AND m.epoch <= known.told_epoch
                      THEN NULL ELSE clock_timestamp() END
    FROM outbox.node_stream s
   CROSS JOIN LATERAL (
     SELECT s.scope, s.told_epoch, s.settled_epoch, s.told_epoch
     UNION ALL
     SELECT '${PLATFORM}', s.told_platform_epoch, s.settled_platform_epoch, $2::bigint WHERE s.scope <> '${PLATFORM}'
   ) AS known(ring_scope, told_epoch, settled_epoch, up_to)
   WHERE s.node_id = ANY($1::uuid[]) AND m.node_id = s.node_id AND m.state = 'unsent'
     AND m.ring_scope = known.ring_scope AND m.epoch <= known.up_to`;

/** The caller has claimed the Nodes in this transaction and found nothing to say to them. */
export async function tidyKeyMessages(
  manager: EntityManager,
  nodeIds: readonly string[],
  platformEpoch: number,
): Promise<void> {
  if (nodeIds.length > 0) await manager.query(TIDY, [nodeIds, platformEpoch]);
}
