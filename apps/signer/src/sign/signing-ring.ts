import type { TakenRing } from '@plexsphere/lease-holder';
import {
  problem,
  publicKeyFromText,
  type KeyView,
  type PrivateKey,
  type RingView,
  type TrustedKey,
} from '@plexsphere/wire';
import type { SigningKey } from '@plexsphere/wire/jws';

/** By key id, of those keys of a ring that may sign. A key that is destroyed goes from here at once. */
export type PrivateKeys = Map<string, PrivateKey>;

/** Staged leads: a verifier holds it already, and it is the newest. */
const NEWEST_FIRST: Partial<Record<KeyView['state'], number>> = { staged: 0, active: 1, retiring: 2 };

export const keyInState = (ring: RingView, state: KeyView['state']): KeyView | undefined =>
  ring.keys.find((key) => key.state === state);

/** @throws Problem internal: rotation shows no ring without one */
export function activeKey(ring: RingView): KeyView {
  const key = keyInState(ring, 'active');
  if (key === undefined) throw problem('internal');
  return key;
}

/** What a verifier should hold, newest first. */
export const trustedViews = (ring: RingView): KeyView[] =>
  ring.keys
    .filter(({ state }) => NEWEST_FIRST[state] !== undefined)
    .sort((a, b) => (NEWEST_FIRST[a.state] ?? 0) - (NEWEST_FIRST[b.state] ?? 0));

/**
 * Until when the key verifies, RFC 3339; undefined: without end.
 * @throws Problem internal where a key is retiring by no transition: it must not be trusted without end
 */
export function notAfter(ring: RingView, key: KeyView): string | undefined {
  if (key.state !== 'retiring') return undefined;
  if (ring.transition === null) throw problem('internal');
  return ring.transition.transition_expires;
}

export const trustedKeys = (ring: RingView): TrustedKey[] =>
  trustedViews(ring).map((key) => {
    const end = notAfter(ring, key);
    const trusted = { keyId: key.key_id, publicKey: publicKeyFromText(stated(key.public_key), key.algorithm) };
    return end === undefined ? trusted : { ...trusted, notAfter: new Date(end) };
  });

/**
 * For what tells of a ring by its statement and public halves: a ring of shared secrets has neither.
 * @throws Problem invariantViolation, field `scope`
 */
export function stated<T>(value: T | null): T {
  if (value === null) throw problem('invariantViolation', { field: 'scope' });
  return value;
}

/** @throws Problem keyUnavailable where the private half has been destroyed meanwhile */
export function signingKey(ring: TakenRing<PrivateKeys>, { key_id: keyId }: KeyView): SigningKey {
  const privateKey = ring.loaded.get(keyId);
  if (privateKey === undefined) throw problem('keyUnavailable');
  return { keyId, privateKey };
}
