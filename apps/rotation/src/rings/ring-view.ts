import { hasStatements, heldKeys } from '@plexsphere/keyring';
import type { SigningKeyEntity, TransitionEntity } from '@plexsphere/store';
import type { KeyView, RingView, TransitionView } from '@plexsphere/wire';
import type { StoredRing } from './read-ring';

/** The ring as those see it who sign and serve by it. What is retired or revoked is not in it. */
export function ringView({ ring, policy, keys, transition, head }: StoredRing): RingView {
  if (hasStatements(policy) && head.statement === null) {
    throw new Error(`ring ${ring.scope} has no statement at trust epoch ${ring.trustEpoch}`);
  }
  return {
    scope: ring.scope,
    epoch: ring.epoch,
    trust_epoch: ring.trustEpoch,
    keys: heldKeys(keys, policy).map(keyView),
    transition: transition === null ? null : transitionView(transition),
    statement: head.statement,
    statement_hash: head.statementHash,
  };
}

export const keyView = ({ keyId, state, algorithm, publicKey, verifiesUntil }: SigningKeyEntity): KeyView => ({
  ...{ key_id: keyId, state, algorithm, public_key: publicKey },
  verifies_until: verifiesUntil?.toISOString() ?? null,
});

const transitionView = (transition: TransitionEntity): TransitionView => ({
  old_key_id: transition.oldKeyId,
  new_key_id: transition.newKeyId,
  opened_at: transition.openedAt.toISOString(),
  closes_at: transition.closesAt.toISOString(),
  transition_expires: transition.transitionExpires.toISOString(),
  outcome: transition.outcome,
});
