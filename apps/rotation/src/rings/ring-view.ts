import type { TransitionEntity } from '@plexsphere/store';
import type { KeyView, RingView, TransitionView } from '@plexsphere/wire';
import { readStatement } from '@plexsphere/wire/jws';
import type { StoredRing } from './read-ring';

/** The ring as those see it who sign and serve by it. What is retired or revoked is not in it. */
export function ringView({ ring, keys, transition, head }: StoredRing): RingView {
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
    transition: transition === null ? null : transitionView(transition, head.statement),
    statement: head.statement,
    statement_hash: head.statementHash,
  };
}

/** What was promised to verifiers stands in the statement; the allowance for clocks may have been set anew since. */
function transitionView(transition: TransitionEntity, statement: string): TransitionView {
  const { transition_expires } = readStatement(statement);
  if (transition_expires === null) throw new Error(`the head of ring ${transition.scope} is not its transition's`);
  return {
    old_key_id: transition.oldKeyId,
    new_key_id: transition.newKeyId,
    opened_at: transition.openedAt.toISOString(),
    closes_at: transition.closesAt.toISOString(),
    transition_expires,
    outcome: transition.outcome,
  };
}
