import { isTrusted, type KeyState, mayBecome } from './key-state';
import { publishedName, type Key, type KeyRing } from './key-ring';
import type { ScopePolicy } from './scope-policy';
import { underCeiling, type TokenTerms } from './tokens';
import { invariantViolation, Refusal, type RefusalMembers } from './refusal';
import { isOpen, type OpenTransition, type Transition } from './transition';

/**
 * Everything that can become of a ring, in one word each. `changesTrust`: whether it changes what a Node must hold before
 * it can verify, and so raises the trust epoch. `isStated`: whether a statement proves it to others (a ring whose keys sign
 * none has none of either).
 */
export const CHANGES = {
  create: { changesTrust: true, isStated: true },
  stage: { changesTrust: true, isStated: true },
  unstage: { changesTrust: true, isStated: true },
  rotate: { changesTrust: true, isStated: true },
  close: { changesTrust: false, isStated: false },
  rollback: { changesTrust: true, isStated: true },
  settle: { changesTrust: false, isStated: false },
  revoke: { changesTrust: true, isStated: true },
  recommit: { changesTrust: false, isStated: true },
  recovery: { changesTrust: false, isStated: true },
  import: { changesTrust: true, isStated: true },
  policy: { changesTrust: false, isStated: false },
  activate: { changesTrust: true, isStated: false },
  members: { changesTrust: false, isStated: false },
} as const;

export type ChangeType = keyof typeof CHANGES;

/** What a change's statement says, beside scope, epoch and the keys' public halves. */
export interface StatementTerms {
  /** The key that was active before; where that stays, the one that goes. Of a recovery both are recovery keys. */
  readonly oldKeyId: string;
  /** The key that is active after it; of a stage the staged one. */
  readonly newKeyId: string;
  /** Whether the ring did not hold `newKeyId` before: then it has to be made, and consents by a signature of its own. */
  readonly introduces: boolean;
  /** Whether the superior authority vouches for it, and not a key of the ring itself. */
  readonly bySuperior: boolean;
  readonly closesAt: Date | null;
  readonly transitionExpires: Date | null;
}

/** What a command makes of a ring. `T` is what is known of the transition. */
export interface RingChange<T extends Transition | null = Transition | null> {
  readonly change: ChangeType;
  readonly ring: KeyRing;
  /** The scope's latest, as it is afterwards; null before the first. */
  readonly transition: T;
  /** Keys that leave the ring by it. Their private halves are destroyed once nobody signs by them any more. */
  readonly gone: readonly string[];
  /** null where the change has no statement. */
  readonly statement: StatementTerms | null;
}

interface Made<T> {
  readonly keys: readonly Key[];
  readonly transition: T;
  readonly gone?: readonly string[];
  readonly statement?: Partial<StatementTerms> & Pick<StatementTerms, 'oldKeyId' | 'newKeyId'>;
}

/** One epoch further, and the trust epoch with it where the change says so. */
export function changed<T extends Transition | null>(
  ring: KeyRing,
  change: ChangeType,
  { keys, transition, gone = [], statement }: Made<T>,
): RingChange<T> {
  const epoch = ring.epoch + 1;
  const trustEpoch = CHANGES[change].changesTrust ? epoch : ring.trustEpoch;
  const terms =
    statement === undefined
      ? null
      : { introduces: false, bySuperior: false, closesAt: null, transitionExpires: null, ...statement };
  return { change, ring: { ...ring, epoch, trustEpoch, keys }, transition, gone, statement: terms };
}

/** The ring's keys with one of them in another state. */
export function withState(
  keys: readonly Key[],
  keyId: string,
  state: KeyState,
  verifiesUntil: Date | null = null,
): Key[] {
  const from = keys.find((key) => key.keyId === keyId)?.state;
  if (from === undefined || !mayBecome(from, state)) throw invariantViolation('keys');
  return keys.map((key) => (key.keyId === keyId ? { ...key, state, verifiesUntil } : key));
}

/** The ring's keys with one of them signing from now on: what was reckoned of the tokens of before is no end any more. */
export const withActive = (keys: readonly Key[], keyId: string, tokens: TokenTerms | undefined): Key[] =>
  withState(keys, keyId, 'active').map((key) =>
    key.keyId === keyId ? { ...underCeiling(key, tokens), tokensUntil: null } : key,
  );

export function refuseOpen(transition: Transition | null): void {
  if (isOpen(transition)) throw new Refusal('rotation_in_progress', membersOf(transition));
}

/** Where verifiers hold a pair, or prove what they hold, one that settles keeps any other key from coming in. */
export function refuseSettling(ring: KeyRing, transition: Transition | null, policy: ScopePolicy): void {
  const [settling] = settlingKeys(ring, transition);
  if (settling === undefined || !waitsForSettling(policy)) return;
  throw new Refusal('rollback_settling', { keyId: settling.keyId, settlesAt: settling.verifiesUntil });
}

export type RoomForKeys = Pick<ScopePolicy, 'mostTrusted'>;

/**
 * Whether verifiers of such a ring hold the active key and one beside it. Then each change fixes the whole of what they
 * trust; else every other key stays as it is.
 */
export const holdsPair = ({ mostTrusted }: RoomForKeys): boolean => mostTrusted <= 2;

/** Whether a rotation waits until no key settles any more. */
export const waitsForSettling = (policy: RoomForKeys & Pick<ScopePolicy, 'newKey'>): boolean =>
  holdsPair(policy) || policy.newKey === 'is_proven_first';

/** Keys that sign no more and still verify what they signed, though no rotation is open from them; what ends first, first. */
export const settlingKeys = ({ keys }: Pick<KeyRing, 'keys'>, transition: Transition | null): Key[] =>
  keys
    .filter(({ keyId, state }) => state === 'retiring' && !(isOpen(transition) && transition.oldKeyId === keyId))
    .sort((one, other) => endMs(one) - endMs(other));

const endMs = ({ verifiesUntil }: Key): number => verifiesUntil?.getTime() ?? Infinity;

/** A key id that stood in the ring is taken for ever; what a foreign key is called, for as long as verifiers are told of it. */
export function refuseUsed({ keys }: KeyRing, newKeyId: string): void {
  if (newKeyId === '') throw invariantViolation('newKeyId');
  const isTaken = (key: Key): boolean =>
    key.keyId === newKeyId || (isTrusted(key.state) && publishedName(key) === newKeyId);
  if (keys.some(isTaken)) throw new Refusal('key_id_in_use', { newKeyId });
}

export function refuseForeign(ring: KeyRing, transition: Transition | null): void {
  if (transition !== null && transition.scope !== ring.scope) throw invariantViolation('scope');
}

export const membersOf = ({ oldKeyId, newKeyId, openedAt, closesAt }: OpenTransition): RefusalMembers => ({
  ...{ oldKeyId, newKeyId, openedAt, closesAt },
});

export function later(at: Date, ms: number, field: string): Date {
  const then = new Date(at.getTime() + ms);
  if (Number.isNaN(then.getTime())) throw invariantViolation(field);
  return then;
}
