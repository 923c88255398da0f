import { type Key, type KeyRing, activeKey, newKey, stagedKey } from './key-ring';
import { isTrusted } from './key-state';
import { invariantViolation, Refusal } from './refusal';
import { type RingChange, changed, holdsPair, refuseForeign, refuseUsed, withActive, withState } from './ring-change';
import type { ScopePolicy } from './scope-policy';
import { isPastRotateBy, propagatedAt } from './stage';
import type { TokenTerms } from './tokens';
import { isOpen, type Transition } from './transition';

export interface RevokeKey {
  readonly keyId: string;
  /** For the key that comes in where the active one goes and no staged one may take its place. */
  readonly newKeyId: string;
  /** The staged key is suspect too. */
  readonly discardStaged: boolean;
  readonly at: Date;
  readonly propagationDelayMs: number;
  readonly tokens?: TokenTerms | undefined;
}

type RevokePolicy = Pick<ScopePolicy, 'mostTrusted' | 'newKey'>;

/**
 * Throws a key out at once and for good. Where it is the active one, its replacement signs by the same change: nothing is
 * waited for, whoever may not know that one yet. Where verifiers hold a pair the one that signs afterwards is left alone:
 * in an emergency nobody should have to ask which of two is meant. Else what other keys have signed goes on verifying.
 *
 * @throws Refusal in this order: `invariant_violation`, `unknown_key`, `key_revoked`, `key_retired`; where a new key is
 * needed `key_id_in_use`
 */
export function revokeKey(
  ring: KeyRing,
  transition: Transition | null,
  command: RevokeKey,
  policy: RevokePolicy,
): RingChange {
  refuseForeign(ring, transition);
  const { keyId } = command;
  const revoked = ring.keys.find((key) => key.keyId === keyId);
  if (revoked === undefined) throw new Refusal('unknown_key', { keyId });
  if (revoked.state === 'revoked') throw new Refusal('key_revoked', { keyId });
  if (!isTrusted(revoked.state)) throw new Refusal('key_retired', { keyId });

  const { signs, introduces } = whoSigns(ring, command, policy);
  const isGone = (key: Key): boolean =>
    key.keyId === keyId || (key.keyId !== signs && (holdsPair(policy) || isPassedOver(key, introduces, command)));
  const gone = ring.keys.filter((key) => isTrusted(key.state) && isGone(key)).map((key) => key.keyId);
  const left = gone.reduce((keys, id) => withState(keys, id, id === keyId ? 'revoked' : 'retired'), [...ring.keys]);
  return changed(ring, 'revoke', {
    keys: introduces ? [...left, newKey(signs, 'active', command.tokens)] : signing(left, signs, command),
    transition: endedBy(gone, transition),
    gone,
    statement: { oldKeyId: keyId, newKeyId: signs, introduces, bySuperior: true },
  });
}

function whoSigns(ring: KeyRing, command: RevokeKey, policy: RevokePolicy): { signs: string; introduces: boolean } {
  const active = activeKey(ring);
  if (active.keyId !== command.keyId) return { signs: active.keyId, introduces: false };
  const staged = stagedKey(ring);
  if (staged !== undefined && mayTakeOver(staged, command, policy)) return { signs: staged.keyId, introduces: false };
  refuseUsed(ring, command.newKeyId);
  return { signs: command.newKeyId, introduces: true };
}

/** Who asks for keys now and then has asked for a staged one sooner than for one that is new; and some have proven it. */
const mayTakeOver = (staged: Key, command: RevokeKey, { newKey: comesIn }: RevokePolicy): boolean =>
  !command.discardStaged &&
  (comesIn !== 'signs_at_once' || propagatedAt(staged, command) <= command.at) &&
  !isPastRotateBy(staged, command.at);

/** A staged key that is suspect, or that a new one was preferred to. */
const isPassedOver = ({ state }: Key, introduces: boolean, { discardStaged }: RevokeKey): boolean =>
  state === 'staged' && (introduces || discardStaged);

/** A rotation is over when one of its keys is gone. */
const endedBy = (gone: readonly string[], transition: Transition | null): Transition | null =>
  isOpen(transition) && [transition.oldKeyId, transition.newKeyId].some((keyId) => gone.includes(keyId))
    ? { ...transition, outcome: 'revoked' }
    : transition;

const signing = (keys: readonly Key[], keyId: string, { tokens }: RevokeKey): Key[] => {
  const key = keys.find((each) => each.keyId === keyId);
  if (key === undefined) throw invariantViolation('keys');
  return key.state === 'active' ? [...keys] : withActive(keys, keyId, tokens);
};
