import type { EntityManager } from 'typeorm';

/**
 * No key that these Nodes hold can announce any more: a state alone brings them to where their ring is, and until a word
 * says that one has, nothing is sent to them. Their gateways find the same; but a Node may be away, and have none.
 */
export async function markWaiting(manager: EntityManager, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await manager.query(
    `UPDATE outbox.node_stream SET waits_since = coalesce(waits_since, clock_timestamp()) WHERE node_id = ANY($1::uuid[])`,
    [nodeIds],
  );
}
