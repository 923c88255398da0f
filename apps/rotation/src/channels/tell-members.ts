import type { ChangeType, Member, RingChange } from '@plexsphere/keyring';
import { CHANNEL_KEYS_CHANGED } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { RingMember } from './read-members';

type InRole = Pick<Member, 'role'>;

/** Who hears something new by a change. While a key is staged it is nothing to those who sign; whoever joins is told alone. */
const HEARS: Partial<Record<ChangeType, (member: InRole) => boolean>> = {
  rotate: ({ role }) => role === 'receiver',
  members: () => false,
};

export const hearing = <M extends InRole>(change: ChangeType, members: readonly M[]): M[] =>
  members.filter(HEARS[change] ?? (() => true));

/** The changes of which such members hear nothing. */
export const unheardBy = (role: Member['role']): ChangeType[] =>
  (Object.keys(HEARS) as ChangeType[]).filter((change) => hearing(change, [{ role }]).length === 0);

/**
 * One row for each member: which ring is theirs to hear of, and no epoch and no payload, since what it says is what the ring
 * is when it is sent. Returns how many.
 */
export async function tellMembers(
  manager: EntityManager,
  { change, ring: { scope } }: Pick<RingChange, 'change' | 'ring'>,
  members: readonly RingMember[],
): Promise<number> {
  const told = hearing(change, members).map(({ nodeId }) => nodeId);
  await tellKeys(manager, scope, told);
  return told.length;
}

/** Each text is one Node's, and so is its event's id: no other Node takes it. */
export async function tellKeys(manager: EntityManager, scope: string, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await manager.query(
    `WITH event AS (
       INSERT INTO outbox.event (event_id, scope, event_type, payload, epoch, nodes)
       SELECT node_id || '/' || gen_random_uuid(), $1, '${CHANNEL_KEYS_CHANGED}', NULL, NULL, 1
         FROM unnest($2::text[]) AS node_id
       RETURNING event_id
     )
     INSERT INTO outbox.message (node_id, scope, event_id)
     SELECT node.id, node.scope, event_id FROM event JOIN ring.node ON node.id = split_part(event_id, '/', 1)::uuid`,
    [scope, nodeIds],
  );
}
