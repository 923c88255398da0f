import type { Key } from '../key-ring';
import type { ScopePolicy } from '../scope-policy';
import { trustedKeys, type VerifyingKey } from '../trusted-keys';
import type { MemberRole } from './member';

/** A key as a member is given it. */
export interface HeldByMember extends Pick<Key, 'keyId'> {
  readonly use: 'sign' | 'verify';
  /** The one that signs; a sender signs by the others beside it, for as long as it signs by both. */
  readonly isActive: boolean;
  /** When it drops the key, whatever it hears. */
  readonly verifiesUntil: Date | null;
}

/** The one that signs first. A sender is never given a key that is staged: whatever it makes of what it is told, it cannot sign by it. */
export const heldByMember = (
  { keys }: { readonly keys: readonly (VerifyingKey & Pick<Key, 'keyId'>)[] },
  role: MemberRole,
  policy: Pick<ScopePolicy, 'mostTrusted'>,
  now: Date,
): HeldByMember[] =>
  trustedKeys(keys, policy, now)
    .filter(({ state }) => role === 'receiver' || state !== 'staged')
    .map(({ keyId, state, verifiesUntil }) => ({
      ...{ keyId, use: role === 'sender' ? 'sign' : 'verify', isActive: state === 'active', verifiesUntil },
    }));
