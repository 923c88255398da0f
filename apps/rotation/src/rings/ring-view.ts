import { transitionExpires, type Policy } from '@plexsphere/keyring';
import type { KeyView, RingView } from '@plexsphere/wire';
import type { StoredRing } from '../sql/read-ring';

/** The ring as those see it who sign and serve by it. What is retired or revoked is not in it. */
export function ringView({ ring, keys, transition, head }: StoredRing, policy: Pick<Policy, 'clockSkewMs'>): RingView {
  if (head.statement === null || head.statementHash === null) {
    throw new Error(`ring ${ring.scope} has no statement at trust epoch ${ring.trustEpoch}`);
  }
  return {
    scope: ring.scope,
    epoch: ring.epoch,
    trust_epoch: ring.trustEpoch,
    keys: keys.flatMap((key): KeyView[] =>
      key.state === 'retired' || key.state === 'revoked' || key.publicKey === null
        ? []
        : [{ key_id: key.keyId, state: key.state, algorithm: key.algorithm, public_key: key.publicKey }],
    ),
    transition:
      transition === null
        ? null
        : {
            old_key_id: transition.oldKeyId,
            new_key_id: transition.newKeyId,
            opened_at: transition.openedAt.toISOString(),
            closes_at: transition.closesAt.toISOString(),
            transition_expires: transitionExpires(transition.closesAt, policy).toISOString(),
            outcome: transition.outcome,
          },
    statement: head.statement,
    statement_hash: head.statementHash,
  };
}
