import { CHANNEL_KEYS_CHANGED } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/**
 * News of both of its channel's rings to each of these Nodes that is a member, or was one: what expired unheard may have told
 * it of a secret, or that it is to hold none. What is told is written nowhere; a member that knows it drops it.
 */
const TELL = `
  WITH told AS (
    SELECT m.node_id, s.scope AS node_scope, ring.scope, m.node_id || '/' || gen_random_uuid() AS event_id
      FROM ring.member m JOIN ring.channel c ON c.slug = m.slug JOIN outbox.node_stream s ON s.node_id = m.node_id
     CROSS JOIN LATERAL (VALUES (format('channel:%s:%s-to-%s', c.slug, c.side_a, c.side_b)),
                                (format('channel:%s:%s-to-%s', c.slug, c.side_b, c.side_a))) ring (scope)
     WHERE m.node_id = ANY($1::uuid[])
  ),
  event AS (
    INSERT INTO outbox.event (event_id, scope, event_type)
    SELECT event_id, scope, '${CHANNEL_KEYS_CHANGED}' FROM told
  )
  INSERT INTO outbox.message (node_id, scope, event_id) SELECT node_id, node_scope, event_id FROM told`;

/** In the transaction that has claimed the Nodes. */
export async function tellMembers(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length > 0) await manager.query(TELL, [nodeIds]);
}
