import { NodeEntity, NodeStreamEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import { revokeBusUser } from '../bus-account/bus-users';
import { stepsGone } from '../fleets/waiting-steps';

/** How it leaves: it is taken off, or put out for a reason and told so when it comes again. */
export type Leave = { state: 'removed' } | { state: 'revoked'; revokedReason: string };

/** From this commit on nothing counts the Node, and the bus is to let it in no more. False where another was first. */
export async function takeOut(
  manager: EntityManager,
  { id, busPublicKey }: Pick<NodeEntity, 'id' | 'busPublicKey'>,
  removedAt: Date,
  leave: Leave = { state: 'removed' },
): Promise<boolean> {
  // Others share the scope's lock: of two that remove it at once, one.
  const removed = await manager.update(NodeEntity, { id, state: 'enrolled' }, { ...leave, removedAt });
  if (removed.affected !== 1) return false;
  await manager.update(NodeStreamEntity, { nodeId: id }, { state: 'ending' });
  const keys = await revokeKeys(manager, id);
  // Of `node add`: its credential does not end by itself.
  if (keys.length === 0 && busPublicKey !== null) keys.push({ publicKey: busPublicKey, tokensUntil: null });
  for (const { publicKey, tokensUntil } of keys) {
    await revokeBusUser(manager, { publicKey, kind: 'node', revokedAt: removedAt, expiresAt: tokensUntil });
  }
  await stepsGone(manager, id, leave.state);
  await manager.query(NEEDS_NO_KEYS, [id]);
  return true;
}

/** What it has not settled of keys: to be marked by a relay, as what was settled. All of it, up to any epoch. */
const NEEDS_NO_KEYS = `
  INSERT INTO outbox.key_mark (marks)
  SELECT jsonb_build_array(jsonb_build_object('node_id', node_id, 'scope', scope, 'how', 'left',
           'after_epoch', settled_epoch, 'epoch', ${Number.MAX_SAFE_INTEGER},
           'after_platform_epoch', settled_platform_epoch, 'platform_epoch', ${Number.MAX_SAFE_INTEGER}))
    FROM outbox.node_stream WHERE node_id = $1`;

interface EndedKey {
  publicKey: string;
  tokensUntil: Date | null;
}

/** Those by which the Node may be connected: the active one, and one that gives way to it. */
async function revokeKeys(manager: EntityManager, nodeId: string): Promise<EndedKey[]> {
  const [ended] = await manager.query<[EndedKey[], number]>(
    `UPDATE ring.node_key SET state = 'revoked', retiring_until = NULL
      WHERE node_id = $1 AND state IN ('active', 'retiring')
     RETURNING public_key AS "publicKey", tokens_until AS "tokensUntil"`,
    [nodeId],
  );
  return ended;
}
