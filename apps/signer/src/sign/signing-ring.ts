import { scopePolicy, trustedKeys, type ScopePolicy, type SignedText } from '@plexsphere/keyring';
import type { TakenRing } from '@plexsphere/lease-holder';
import { problem, publicKeyFromText, scopeKind, type KeyView, type PrivateKey, type RingView } from '@plexsphere/wire';
import type { SigningKey, TokenKey } from '@plexsphere/wire/jws';

/** By key id, of those keys of a ring that may sign. A key that is destroyed goes from here at once. */
export type PrivateKeys = Map<string, PrivateKey>;

export const keyInState = (ring: RingView, state: KeyView['state']): KeyView | undefined =>
  ring.keys.find((key) => key.state === state);

/** @throws Problem internal: rotation shows no ring without one */
export function activeKey(ring: RingView): KeyView {
  const key = keyInState(ring, 'active');
  if (key === undefined) throw problem('internal');
  return key;
}

/** Whether secrets that members share are what it holds: each of them is given every one that verifies. */
export const isOfMembers = (ring: Pick<RingView, 'scope'>): boolean => policyOf(ring).gate === 'members';

export const policyOf = ({ scope }: Pick<RingView, 'scope'>): ScopePolicy => scopePolicy(scopeKind(scope));

/** The keys that verify at `now`, as the domain says. @throws Refusal where the ring is none that anybody may trust */
export function trustedViews(ring: RingView, now: Date): KeyView[] {
  const asked = ring.keys.map((view) => ({ view, state: view.state, verifiesUntil: timeOf(view.verifies_until) }));
  return trustedKeys(asked, policyOf(ring), now).map(({ view }) => view);
}

export const verifyingKeys = (ring: RingView, now: Date): TokenKey[] =>
  trustedViews(ring, now).map(({ key_id: keyId, algorithm, public_key, verifies_until, foreign }) => ({
    foreign,
    ...{ keyId, publicKey: publicKeyFromText(stated(public_key), algorithm) },
    ...(verifies_until !== null && { notAfter: new Date(verifies_until) }),
  }));

const timeOf = (time: string | null): Date | null => (time === null ? null : new Date(time));

/**
 * For what tells of a ring by its statement and public halves: a ring of shared secrets has neither.
 * @throws Problem invariantViolation, field `scope`
 */
export function stated<T>(value: T | null): T {
  if (value === null) throw problem('invariantViolation', { field: 'scope' });
  return value;
}

/** @throws Problem invariantViolation, field `scope`, where keys of such a ring sign no text of that kind */
export function requireSigns(ring: Pick<RingView, 'scope'>, text: SignedText): void {
  const { signs } = policyOf(ring);
  if (!signs.includes(text)) throw problem('invariantViolation', { field: 'scope', signs });
}

/**
 * For a text of that kind and no other.
 * @throws Problem as `requireSigns`; keyUnavailable where the private half has been destroyed meanwhile
 */
export function signingKey(ring: TakenRing<PrivateKeys>, { key_id: keyId }: KeyView, text: SignedText): SigningKey {
  requireSigns(ring.view, text);
  const privateKey = ring.loaded.get(keyId);
  if (privateKey === undefined) throw problem('keyUnavailable');
  return { keyId, privateKey };
}
