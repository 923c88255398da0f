import { activeKey, type Key, type KeyRing } from './key-ring';
import { settledAt, type Policy } from './policy';
import { Refusal } from './refusal';
import { type RingChange, changed, refuseForeign, settlingKeys, withActive, withState } from './ring-change';
import { type NamedTransition, openTransition } from './rotation';
import type { ScopePolicy } from './scope-policy';
import { tokensOverBy, type TokenTerms } from './tokens';
import type { Transition } from './transition';

export interface RollbackRotation extends NamedTransition, Pick<Policy, 'stalenessMs' | 'relayLagMs' | 'clockSkewMs'> {
  readonly at: Date;
  /** Whether the recovery key vouches for it where the key that is rolled back cannot sign. */
  readonly byRecoveryKey?: boolean;
  readonly tokens?: TokenTerms | undefined;
}

/**
 * The old key signs again, however long ago its time to verify was over: everyone is told of it anew. The one that is
 * rolled back verifies for as long as anything by it may be under way, or live, and then settles.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`, `recovery_key_needed`
 */
export function rollbackRotation(
  ring: KeyRing,
  transition: Transition | null,
  command: RollbackRotation,
  { superior }: Pick<ScopePolicy, 'superior'>,
): RingChange<Transition> {
  const open = openTransition(ring, transition, command);
  const { oldKeyId, newKeyId } = open;
  const bySuperior = superior === 'platform_key' || command.byRecoveryKey === true;
  const old = ring.keys.find(({ keyId }) => keyId === oldKeyId);
  // Who has dropped it takes it back on the superior's word alone: else an active key that leaked could bring in any.
  if (!bySuperior && !isVerifying(old, command.at)) throw new Refusal('recovery_key_needed');
  const until = tokensOverBy(activeKey(ring), command.at, command.tokens, command) ?? settledAt(command.at, command);
  return changed(ring, 'rollback', {
    keys: withActive(withState(ring.keys, newKeyId, 'retiring', until), oldKeyId, command.tokens),
    transition: { ...open, outcome: 'rolled_back' },
    // What the statement calls old and new is turned round against the transition.
    statement: {
      ...{ oldKeyId: newKeyId, newKeyId: oldKeyId, transitionExpires: until },
      bySuperior,
    },
  });
}

/**
 * Retires what settles and is due, as a close does: the trust epoch stays, since every verifier drops it by itself.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation` where nothing settles, `rollback_settling`
 */
export function settleRollback(ring: KeyRing, transition: Transition | null, now: Date): RingChange {
  refuseForeign(ring, transition);
  const settling = settlingKeys(ring, transition);
  const [first] = settling;
  if (first === undefined) throw new Refusal('no_open_rotation');
  const gone = settling
    .filter(({ verifiesUntil }) => verifiesUntil !== null && now >= verifiesUntil)
    .map(({ keyId }) => keyId);
  if (gone.length === 0) throw new Refusal('rollback_settling', { keyId: first.keyId, settlesAt: first.verifiesUntil });
  const keys = gone.reduce((left, keyId) => withState(left, keyId, 'retired'), [...ring.keys]);
  return changed(ring, 'settle', { keys, transition, gone });
}

const isVerifying = (key: Key | undefined, now: Date): boolean =>
  key !== undefined && key.verifiesUntil !== null && now < key.verifiesUntil;
