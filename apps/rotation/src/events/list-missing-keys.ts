import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { cutAt, type FoundMissing, type MissingPage, type MissingPlace } from './list-missing';

const FIRST = '00000000-0000-0000-0000-000000000000';

/** In the order of the Nodes' ids. Whether it was sent says how far the Node's stream has told of that ring. */
const SELECT = `
  WITH page AS (
    SELECT node_id FROM outbox.key_message
     WHERE event_id = $1::uuid AND node_id > $2::uuid AND applied IS NULL ORDER BY node_id LIMIT $3)
  SELECT page.node_id::text AS id, 'waiting' AS phase, node.id AS "nodeId", node.scope, node.name,
         CASE WHEN event.epoch <= CASE event.scope WHEN stream.scope THEN stream.told_epoch
                                                   ELSE stream.told_platform_epoch END
              THEN 'sent' ELSE 'unsent' END AS state,
         event.created_at AS since, stream.last_seen_at AS "lastSeenAt",
         $4::text[] IS NULL OR node.scope = ANY ($4) AS "isSeen"
    FROM page JOIN outbox.event AS event ON event.event_id = $1::text
    JOIN ring.node AS node ON node.id = page.node_id
    LEFT JOIN outbox.node_stream AS stream ON stream.node_id = page.node_id
   ORDER BY page.node_id`;

/** As `listMissing`, of a key event. None of those is ever given up: a Node that comes back is told of the ring as it is. */
export async function listMissingKeys(
  manager: EntityManager,
  eventId: string,
  scopes: Scopes,
  { after, limit }: { after: MissingPlace | undefined; limit: number },
): Promise<MissingPage> {
  if (after?.phase === 'expired') return { rows: [], next: undefined };
  const found = await manager.query<FoundMissing[]>(SELECT, [eventId, after?.id ?? FIRST, limit + 1, scopes]);
  return cutAt(found, limit);
}
