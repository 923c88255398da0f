import { activeKey, changeMembers } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { ChannelRing } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { applyRingChange } from '../rings/apply-ring-change';
import { existing, readRing } from '../rings/read-ring';
import type { RequestIdentity } from '../transactions/requests';

/** Who joins a channel or leaves it does so in both of its rings: each is one epoch further, under both locks. */
export async function changeMembersOf(
  manager: EntityManager,
  scopes: readonly Scope[],
  { at, identity, detail }: { at: Date; identity: RequestIdentity; detail: object },
): Promise<ChannelRing[]> {
  const rings: ChannelRing[] = [];
  for (const scope of scopes) {
    const before = await existing(readRing(manager, scope));
    const after = changeMembers(before.ring, before.transition);
    const made = { key: null, statement: null };
    await applyRingChange(manager, { before, after, at, identity, reason: null, made, detail });
    rings.push({ scope, epoch: after.ring.epoch, active_key_id: activeKey(after.ring).keyId });
  }
  return rings;
}
