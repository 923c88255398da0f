import { hasStatements, heldKeys, type KeyRing } from '@plexsphere/keyring';
import type { SigningKeyEntity, TransitionEntity } from '@plexsphere/store';
import {
  channelDirection,
  domainId,
  type KeyView,
  type RingView,
  type RotationView,
  type TransitionView,
} from '@plexsphere/wire';
import type { DomainListReply, ListReply } from '@plexsphere/wire/commands';
import { memberView } from '../channels/read-members';
import type { CountedRing } from './list-rings';
import type { StoredRing } from './read-ring';

/** The ring as those see it who sign and serve by it. What is retired or revoked is not in it. */
export function ringView({ ring, policy, keys, transition, head, issuer, members }: StoredRing): RingView {
  if (hasStatements(policy) && head === null) throw new Error(`ring ${ring.scope} has no statement`);
  return {
    scope: ring.scope,
    epoch: ring.epoch,
    trust_epoch: ring.trustEpoch,
    keys: heldKeys(keys, policy).map(keyView),
    transition: transition === null ? null : transitionView(transition),
    statement: head?.statement ?? null,
    statement_hash: head?.statementHash ?? null,
    head_epoch: head?.epoch ?? ring.trustEpoch,
    next: head?.next ?? null,
    issuer: issuer && { url: issuer.url, longest_token_seconds: issuer.longestTokenMs / 1_000 },
    ...(policy.gate === 'members' && { members: members.map(memberView) }),
  };
}

export const keyView = (key: SigningKeyEntity): KeyView => ({
  ...{ key_id: key.keyId, state: key.state, algorithm: key.algorithm, public_key: key.publicKey },
  verifies_until: key.verifiesUntil?.toISOString() ?? null,
  ...(key.checkValue !== null && { check_value: key.checkValue }),
  ...(key.foreignSignsUntil !== null && { foreign: { kid: key.jwkKid } }),
});

/** The ring as the audit log keeps it, with every key that ever stood in it. */
export const ringRecord = ({ scope, epoch, trustEpoch, keys }: KeyRing): object => ({
  ...{ scope, epoch, trust_epoch: trustEpoch },
  keys: keys.map(({ keyId, state, verifiesUntil, stagedAt, rotateBy, foreign }) => ({
    ...{ key_id: keyId, state, verifies_until: verifiesUntil, staged_at: stagedAt, rotate_by: rotateBy },
    ...(foreign !== null && { jwk_kid: foreign.kid, foreign_signs_until: foreign.signsUntil }),
  })),
});

type Rotated = Pick<TransitionEntity, 'oldKeyId' | 'newKeyId' | 'openedAt' | 'closesAt'>;

export const rotationView = ({ oldKeyId, newKeyId, openedAt, closesAt }: Rotated): RotationView => ({
  old_key_id: oldKeyId,
  new_key_id: newKeyId,
  opened_at: openedAt.toISOString(),
  closes_at: closesAt.toISOString(),
});

const transitionView = (transition: TransitionEntity): TransitionView => ({
  ...rotationView(transition),
  transition_expires: transition.transitionExpires.toISOString(),
  outcome: transition.outcome,
  ...(channelDirection(transition.scope) !== undefined && {
    activated_at: transition.activatedAt?.toISOString() ?? null,
  }),
});

export const ringSummary = ({ scope, epoch, activeKeyId, open, nodes }: CountedRing): ListReply['rings'][number] => ({
  ...{ scope, epoch, active_key_id: activeKeyId, open, nodes },
});

/** Of a Domain's ring; none of any other. */
export function domainSummary({ scope, activeKeyId, open, nodes, createdAt }: CountedRing): DomainListReply['domains'] {
  const id = domainId(scope);
  if (id === undefined) return [];
  return [{ id, scope, active_key_id: activeKeyId, open, nodes, created_at: createdAt.toISOString() }];
}
