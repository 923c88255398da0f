import { BOTH_FOR_MS, heldByMember, type HeldByMember } from '@plexsphere/keyring';
import type { TakenRing } from '@plexsphere/lease-holder';
import {
  channelDirection,
  problem,
  sealSecret,
  type ChannelKey,
  type ChannelKeysChanged,
  type MemberView,
  type RingView,
} from '@plexsphere/wire';
import { policyOf, type PrivateKeys } from '../sign/signing-ring';
import { bySecret, checkValueOf } from './secrets';

/**
 * What one Node is to hold of a channel's ring, by that ring alone: it names the members, their sides, and the keys to which
 * their secrets are sealed. A Node that is none of them is told that it holds nothing.
 * @throws Problem invariantViolation, field `scope`, of any other ring; keyUnavailable where a secret is not loaded here:
 * whoever is told of the others alone drops it
 */
export function keysChangedFor(ring: TakenRing<PrivateKeys>, nodeId: string, now: Date): ChannelKeysChanged {
  const { scope, epoch, members } = ring.view;
  const direction = channelDirection(scope);
  if (direction === undefined) throw problem('invariantViolation', { field: 'scope' });
  // Rotation shows no such ring without them: of somebody who does, nobody is told that it is no member.
  if (members === undefined) throw problem('internal');
  const member = members.find(({ node_id }) => node_id === nodeId);
  // At which side it was is nothing to a Node that is at none.
  if (member === undefined) return { scope, epoch, node_id: nodeId, side: direction.to, keys: [] };
  const role = member.side === direction.from ? 'sender' : 'receiver';
  const held = heldByMember({ keys: verifyingKeys(ring.view) }, role, policyOf(ring.view), now);
  const keys = newestFirst(ring.view, held).map((key) => toldKey(ring, member, key));
  return { scope, epoch, node_id: nodeId, side: member.side, keys };
}

const verifyingKeys = ({ keys }: RingView) =>
  keys.map(({ key_id: keyId, state, verifies_until: until }) => ({
    ...{ keyId, state },
    verifiesUntil: until === null ? null : new Date(until),
  }));

function toldKey(
  { view: { scope, epoch, keys }, loaded }: TakenRing<PrivateKeys>,
  { node_id: nodeId, sealing_key: recipient }: MemberView,
  { keyId, use, isActive, verifiesUntil }: HeldByMember,
): ChannelKey {
  const privateKey = loaded.get(keyId);
  const view = keys.find(({ key_id }) => key_id === keyId);
  if (privateKey === undefined || view?.algorithm !== 'HS256') throw problem('keyUnavailable');
  return {
    ...{ key_id: keyId, algorithm: view.algorithm, use, active: isActive },
    beside_seconds: use === 'sign' && !isActive ? BOTH_FOR_MS / 1_000 : null,
    verifies_until: verifiesUntil?.toISOString() ?? null,
    check_value: checkValueOf(scope, keyId, privateKey),
    secret: bySecret(privateKey, (secret) => sealSecret(secret, recipient, { scope, keyId, epoch, nodeId })),
  };
}

/** What is staged came last; before it the key that a revoke brought in, which no transition names, or the one of the last. */
function newestFirst({ keys, transition }: RingView, held: readonly HeldByMember[]): HeldByMember[] {
  const age = ({ keyId }: HeldByMember): number => {
    if (keys.some(({ key_id, state }) => key_id === keyId && state === 'staged')) return 0;
    if (keyId === transition?.new_key_id) return 2;
    if (keyId === transition?.old_key_id) return 3;
    return keys.some(({ key_id, state }) => key_id === keyId && state === 'active') ? 1 : 4;
  };
  return [...held].sort((one, other) => age(one) - age(other));
}
