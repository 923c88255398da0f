import { isTrusted, type KeyState } from '../key-state';

/** A key of a channel, with the epoch of the ring at which it came in. */
export interface ProvableKey {
  readonly keyId: string;
  readonly state: KeyState;
  readonly stagedEpoch: number;
}

/**
 * Whether a proof stands that was made over a ring's epoch: for the key, from the epoch at which it came in on. One over an
 * epoch that the ring has not reached is nobody's.
 */
export const takesProof = ({ state, stagedEpoch }: ProvableKey, provenEpoch: number, ringEpoch: number): boolean =>
  isTrusted(state) && provenEpoch >= stagedEpoch && provenEpoch <= ringEpoch;

/** Since when each key is proven, after a report that proves `keyIds`: what it names no longer is no longer proven. */
export const provenAfter = (
  before: ReadonlyMap<string, Date>,
  keyIds: readonly string[],
  now: Date,
): ReadonlyMap<string, Date> => new Map(keyIds.map((keyId) => [keyId, before.get(keyId) ?? now]));
