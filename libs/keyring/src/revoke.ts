import { type Key, type KeyRing, activeKey, stagedKey } from './key-ring';
import { isTrusted } from './key-state';
import { invariantViolation, Refusal } from './refusal';
import { type RingChange, changed, newKey, refuseForeign, refuseUsed, withState } from './ring-change';
import { isPastRotateBy, propagatedAt } from './stage';
import { isOpen, type Transition } from './transition';

export interface RevokeKey {
  readonly keyId: string;
  /** For the key that comes in where the active one goes and no staged one may take its place. */
  readonly newKeyId: string;
  /** The staged key is suspect too. */
  readonly discardStaged: boolean;
  readonly at: Date;
  readonly propagationDelayMs: number;
}

/**
 * Throws a key out at once and for good, and leaves one key alone: the active one, or where that is the one that goes its
 * replacement. Any other that verified goes as well: in an emergency nobody should have to ask which of two is meant.
 *
 * @throws Refusal in this order: `invariant_violation`, `unknown_key`, `key_revoked`, `key_retired`; where a new key is
 * needed `key_id_in_use`
 */
export function revokeKey(ring: KeyRing, transition: Transition | null, command: RevokeKey): RingChange {
  refuseForeign(ring, transition);
  const { keyId } = command;
  const revoked = ring.keys.find((key) => key.keyId === keyId);
  if (revoked === undefined) throw new Refusal('unknown_key', { keyId });
  if (revoked.state === 'revoked') throw new Refusal('key_revoked', { keyId });
  if (!isTrusted(revoked.state)) throw new Refusal('key_retired', { keyId });

  const { alone, introduces } = whoStays(ring, command);
  const gone = ring.keys.filter((key) => isTrusted(key.state) && key.keyId !== alone).map((key) => key.keyId);
  const left = gone.reduce((keys, id) => withState(keys, id, id === keyId ? 'revoked' : 'retired'), [...ring.keys]);
  return changed(ring, 'revoke', {
    keys: introduces ? [...left, newKey(alone, 'active')] : signing(left, alone),
    transition: isOpen(transition) ? { ...transition, outcome: 'revoked' } : transition,
    gone,
    statement: { oldKeyId: keyId, newKeyId: alone, introduces, bySuperior: true },
  });
}

function whoStays(ring: KeyRing, command: RevokeKey): { alone: string; introduces: boolean } {
  const active = activeKey(ring);
  if (active.keyId !== command.keyId) return { alone: active.keyId, introduces: false };
  const staged = stagedKey(ring);
  if (staged !== undefined && mayTakeOver(staged, command)) return { alone: staged.keyId, introduces: false };
  refuseUsed(ring, command.newKeyId);
  return { alone: command.newKeyId, introduces: true };
}

const mayTakeOver = (staged: Key, command: RevokeKey): boolean =>
  !command.discardStaged && propagatedAt(staged, command) <= command.at && !isPastRotateBy(staged, command.at);

const signing = (keys: readonly Key[], keyId: string): Key[] => {
  const key = keys.find((each) => each.keyId === keyId);
  if (key === undefined) throw invariantViolation('keys');
  return key.state === 'active' ? [...keys] : withState(keys, keyId, 'active');
};
