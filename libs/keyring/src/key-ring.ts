import type { KeyState } from './key-state';
import { invariantViolation } from './refusal';
import type { TokenTerms } from './tokens';

export interface Key {
  readonly keyId: string;
  readonly state: KeyState;
  /** When a retiring or staged key verifies no more; null where no end is known. */
  readonly verifiesUntil: Date | null;
  /** When it was staged, if ever it was; and until when it could then be rotated to. */
  readonly stagedAt: Date | null;
  /** When everybody who serves the ring did so with it; null before that is recorded, and of one that never was staged. */
  readonly publishedAt: Date | null;
  readonly rotateBy: Date | null;
  /** Of a key that signs tokens: the longest life that one by it may have, ever since it first signed. null of any other. */
  readonly longestTokenMs: number | null;
  /** When the last of its tokens is over, once it signs no more and that is known: null never means that there is none. */
  readonly tokensUntil: Date | null;
  /** Of a key of another service, which verifies here as well; null of ours. */
  readonly foreign: ForeignTerms | null;
}

export interface ForeignTerms {
  /** What its tokens call it; null where they name no key. */
  readonly kid: string | null;
  /** When that service signs its last token by it. */
  readonly signsUntil: Date;
}

/**
 * The keys of one scope, oldest first, those that are retired or revoked included: a key id that stood in the ring is
 * taken for ever. `epoch` rises by one at every change; `trustEpoch` is the last one that changed what a Node must hold.
 */
export interface KeyRing {
  readonly scope: string;
  readonly epoch: number;
  readonly trustEpoch: number;
  readonly keys: readonly Key[];
}

export function createRing(scope: string, keyId: string, tokens?: TokenTerms): KeyRing {
  if (scope === '') throw invariantViolation('scope');
  if (keyId === '') throw invariantViolation('keyId');
  return { scope, epoch: 1, trustEpoch: 1, keys: [newKey(keyId, 'active', tokens)] };
}

/** One that signs at once signs by the ceiling of now. */
export const newKey = (keyId: string, state: 'active' | 'staged', tokens?: TokenTerms): Key => ({
  ...{ keyId, state },
  ...{ verifiesUntil: null, stagedAt: null, publishedAt: null, rotateBy: null },
  longestTokenMs: state === 'active' ? (tokens?.longestTokenMs ?? null) : null,
  tokensUntil: null,
  foreign: null,
});

/** The key that signs. @throws Refusal `invariant_violation` where the ring has none, or more than one */
export function activeKey<K extends Pick<Key, 'state'>>({ keys }: { keys: readonly K[] }): K {
  const [active, ...others] = keys.filter((key) => key.state === 'active');
  if (active === undefined || others.length > 0) throw invariantViolation('keys');
  return active;
}

/** What verifiers are told that a key is called; undefined where its tokens name none. */
export const publishedName = ({ keyId, foreign }: Pick<Key, 'keyId' | 'foreign'>): string | undefined =>
  foreign === null ? keyId : (foreign.kid ?? undefined);

/** The key that is published and does not sign yet. A ring has one of them at most. */
export const stagedKey = <K extends Pick<Key, 'state'>>({ keys }: { keys: readonly K[] }): K | undefined =>
  keys.find(({ state }) => state === 'staged');

/** Whether a ring at `ringEpoch` is older than what somebody has already seen: a restored or lagging source. */
export const epochWentBack = (ringEpoch: number, seenEpoch: number): boolean => seenEpoch > ringEpoch;
