import type { NodeEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';

/**
 * False where the scope has an enrolled Node of that name. The index decides and not a look before: those who join share
 * the scope's lock, so two of one name may be at it at once, and the second waits here for what becomes of the first.
 */
export async function insertNode(
  manager: EntityManager,
  { id, scope, name, busPublicKey }: Pick<NodeEntity, 'id' | 'scope' | 'name' | 'busPublicKey'>,
): Promise<boolean> {
  const inserted = await manager.query<unknown[]>(
    `INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ($1, $2, $3, $4)
     ON CONFLICT (scope, name) WHERE state = 'enrolled' DO NOTHING RETURNING id`,
    [id, scope, name, busPublicKey],
  );
  return inserted.length === 1;
}
