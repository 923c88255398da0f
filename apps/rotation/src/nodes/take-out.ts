import { NodeEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import { revokeBusUser } from '../bus-account/bus-users';

/** From this commit on nothing counts the Node, and the bus is to let it in no more. False where another was first. */
export async function takeOut(
  manager: EntityManager,
  { id, busPublicKey }: Pick<NodeEntity, 'id' | 'busPublicKey'>,
  removedAt: Date,
): Promise<boolean> {
  // Others share the scope's lock: of two that remove it at once, one.
  const removed = await manager.update(NodeEntity, { id, state: 'enrolled' }, { state: 'removed', removedAt });
  if (removed.affected !== 1) return false;
  if (busPublicKey !== null) {
    await revokeBusUser(manager, { publicKey: busPublicKey, kind: 'node', revokedAt: removedAt, expiresAt: null });
  }
  return true;
}
