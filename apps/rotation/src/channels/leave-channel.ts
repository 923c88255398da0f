import { heldByMember } from '@plexsphere/keyring';
import { MemberEntity } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import type { ChannelRing } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { existing, readRing } from '../rings/read-ring';
import type { RequestIdentity } from '../transactions/requests';
import { changeMembersOf } from './change-members';
import { findChannel, type Channel } from './find-channel';
import { roleOf } from './read-members';

/** A Node as a member of the one channel that it is in. */
export interface Membership {
  nodeId: string;
  side: string;
  channel: Channel;
}

/** null of a Node that is no member. */
export async function findMembership(manager: EntityManager, nodeId: string): Promise<Membership | null> {
  const member = await manager.findOneBy(MemberEntity, { nodeId });
  return member && { nodeId, side: member.side, channel: await findChannel(manager, member.slug) };
}

interface LeftChannel {
  rings: ChannelRing[];
  /** By ring the secrets that it has been given, and goes on knowing. */
  known: { scope: Scope; key_ids: string[] }[];
}

/** Under the locks of both rings. What it said last counts nowhere any more. */
export async function leaveChannel(
  manager: EntityManager,
  { nodeId, side, channel }: Membership,
  { at, identity }: { at: Date; identity: RequestIdentity },
): Promise<LeftChannel> {
  const known: LeftChannel['known'] = [];
  for (const scope of channel.scopes) {
    const { ring, policy } = await existing(readRing(manager, scope));
    const held = heldByMember(ring, roleOf(scope, side), policy, at);
    known.push({ scope, key_ids: held.map(({ keyId }) => keyId) });
  }
  await manager.update(MemberEntity, { nodeId }, { removedAt: at });
  await manager.query('DELETE FROM ring.member_key WHERE node_id = $1', [nodeId]);
  await manager.query('DELETE FROM ring.member_report WHERE node_id = $1', [nodeId]);
  const detail = { removed: { node_id: nodeId, side }, known };
  return { rings: await changeMembersOf(manager, channel.scopes, { at, identity, detail }), known };
}
