import { type KeyRing, activeKey, newKey } from '../key-ring';
import { transitionExpires } from '../policy';
import { invariantViolation, Refusal } from '../refusal';
import { type RingChange, changed, later, refuseForeign, refuseOpen, refuseUsed } from '../ring-change';
import type { ScopePolicy } from '../scope-policy';
import { refuseStaged } from '../stage';
import type { OpenTransition, Transition } from '../transition';
import { heldKeys } from '../trusted-keys';
import { type ChannelTerms, type Member, receivers, senders } from './member';
import { refuseSettlingMembers } from './rollback-channel';

export interface OpenChannelRotation extends Pick<
  ChannelTerms,
  'overlapWindowMs' | 'clockSkewMs' | 'bothForMs' | 'propagationDelayMs'
> {
  readonly newKeyId: string;
  readonly openedAt: Date;
  readonly members: readonly Member[];
}

/**
 * Gives the new key to who receives, and nobody signs by it: the one before stays active until all of them have proven that
 * they hold it. `closesAt` is what it would be if that were now; the activation says it anew.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_in_progress`, `rollback_settling`,
 * `another_key_is_staged`, `no_members`, `key_id_in_use`
 */
export function openChannelRotation(
  ring: KeyRing,
  transition: Transition | null,
  { newKeyId, openedAt, members, ...terms }: OpenChannelRotation,
  policy: ScopePolicy,
): RingChange<OpenTransition> {
  if (policy.newKey !== 'is_proven_first') throw invariantViolation('scope');
  if (newKeyId === '') throw invariantViolation('newKeyId');
  const closesAt = later(openedAt, terms.overlapWindowMs, 'overlapWindow');
  if (closesAt <= openedAt) throw invariantViolation('overlapWindow');
  refuseForeign(ring, transition);
  refuseOpen(transition);
  refuseSettlingMembers(ring, transition, members, terms, openedAt);
  refuseStaged(ring);
  if (senders(members).length === 0) throw new Refusal('no_members', { role: 'sender' });
  if (receivers(members).length === 0) throw new Refusal('no_members', { role: 'receiver' });
  refuseUsed(ring, newKeyId);
  if (heldKeys(ring.keys, policy).length >= policy.mostTrusted) throw invariantViolation('keys');
  return changed(ring, 'rotate', {
    keys: [...ring.keys, { ...newKey(newKeyId, 'staged'), stagedAt: openedAt }],
    transition: {
      ...{ scope: ring.scope, oldKeyId: activeKey(ring).keyId, newKeyId, openedAt, activatedAt: null },
      ...{ closesAt, transitionExpires: transitionExpires(closesAt, terms), outcome: null },
    },
  });
}
