import { isTrusted, type KeyState, type TrustedState } from './key-state';
import { invariantViolation } from './refusal';
import type { ScopePolicy } from './scope-policy';

/** What the question needs to know of a key; whoever asks gets its own keys back. */
export interface VerifyingKey {
  readonly state: KeyState;
  /** When it verifies no more; null: not known, or never. */
  readonly verifiesUntil: Date | null;
}

/** The one that signs first: who has room for one key takes that one. What has longest to go comes before what goes. */
const RANK: Readonly<Record<TrustedState, number>> = { active: 0, staged: 1, retiring: 2 };

/**
 * The keys that verify at `now`, each strictly before its `verifiesUntil`: the one answer for whoever verifies, and for
 * whatever tells others what to verify by (bundle, JWKS).
 *
 * @throws Refusal `invariant_violation` as `heldKeys`
 */
export const trustedKeys = <K extends VerifyingKey>(
  keys: readonly K[],
  policy: Pick<ScopePolicy, 'mostTrusted'>,
  now: Date,
): K[] => heldKeys(keys, policy).filter(({ verifiesUntil }) => verifiesUntil === null || now < verifiesUntil);

/**
 * The keys that a ring has not put away, whatever the time is: also one that verifies no more, until its close.
 *
 * @throws Refusal `invariant_violation` where they are more than a verifier has room for, where a retiring key would be
 * trusted without end, or the one that signs has an end
 */
export function heldKeys<K extends VerifyingKey>(
  keys: readonly K[],
  { mostTrusted }: Pick<ScopePolicy, 'mostTrusted'>,
): K[] {
  const held = keys.filter(({ state }) => isTrusted(state));
  if (held.length > mostTrusted || !held.every(endsRightly)) throw invariantViolation('keys');
  return held.sort((one, other) => rank(one) - rank(other) || endMs(other) - endMs(one));
}

const endsRightly = ({ state, verifiesUntil }: VerifyingKey): boolean =>
  state === 'staged' || (state === 'retiring') === (verifiesUntil !== null);

const rank = ({ state }: VerifyingKey): number => RANK[state as TrustedState];

const endMs = ({ verifiesUntil }: VerifyingKey): number => verifiesUntil?.getTime() ?? Number.MAX_SAFE_INTEGER;
