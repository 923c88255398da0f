import type { Key, KeyRing } from './key-ring';
import { settledAt, type Policy } from './policy';
import { Refusal } from './refusal';
import { type RingChange, changed, refuseForeign, settlingKey, withState } from './ring-change';
import { type NamedTransition, openTransition } from './rotation';
import type { ScopePolicy } from './scope-policy';
import type { Transition } from './transition';

export interface RollbackRotation extends NamedTransition, Pick<Policy, 'stalenessMs' | 'relayLagMs' | 'clockSkewMs'> {
  readonly at: Date;
  /** Whether the recovery key vouches for it where the key that is rolled back cannot sign. */
  readonly byRecoveryKey?: boolean;
}

/**
 * The old key signs again, however long ago its time to verify was over: everyone is told of it anew. The one that is
 * rolled back verifies for as long as anything by it may be under way, and then settles.
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
  const until = settledAt(command.at, command);
  return changed(ring, 'rollback', {
    keys: withState(withState(ring.keys, newKeyId, 'retiring', until), oldKeyId, 'active'),
    transition: { ...open, outcome: 'rolled_back' },
    // What the statement calls old and new is turned round against the transition.
    statement: {
      ...{ oldKeyId: newKeyId, newKeyId: oldKeyId, transitionExpires: until },
      bySuperior,
    },
  });
}

/**
 * Retires the key that was rolled back, as a close does: the trust epoch stays, since every verifier drops it by itself.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation` where nothing settles, `rollback_settling`
 */
export function settleRollback(ring: KeyRing, transition: Transition | null, now: Date): RingChange {
  refuseForeign(ring, transition);
  const settling = settlingKey(ring, transition);
  if (settling === undefined) throw new Refusal('no_open_rotation');
  const { keyId, verifiesUntil: settlesAt } = settling;
  if (settlesAt === null || now < settlesAt) throw new Refusal('rollback_settling', { keyId, settlesAt });
  return changed(ring, 'settle', { keys: withState(ring.keys, keyId, 'retired'), transition, gone: [keyId] });
}

const isVerifying = (key: Key | undefined, now: Date): boolean =>
  key !== undefined && key.verifiesUntil !== null && now < key.verifiesUntil;
