import { activeKey, type Key, type KeyRing } from './key-ring';
import type { VerifyingKey } from './trusted-keys';

/**
 * The epochs of both rings that a Node's stream has told it. Of a Node of `platform` both are of the one ring. FORKED where
 * it follows a chain that is not ours: it was told nothing that counts.
 */
export interface Told {
  readonly epoch: number;
  readonly platformEpoch: number;
}

export const FORKED = 0;

/** A ring, and what is remembered of its changes. Asked about epochs that Nodes were told, so that none is read whole. */
export interface RingHistory extends Pick<KeyRing, 'scope' | 'epoch' | 'trustEpoch'> {
  readonly keys: readonly Pick<Key, 'keyId' | 'state'>[];
  /** The last revoke or rollback by the superior authority, which alone leads back from a fork; null where there is none. */
  readonly superiorEpoch: number | null;
  /** The key id that was active at an epoch; undefined where nobody knows. */
  activeAt(epoch: number): string | undefined;
  /** How many statements lie after an epoch. */
  statementsAfter(epoch: number): number;
  /** The epoch of the last statement at or before one: the head of whoever was told that. */
  headAt(epoch: number): number;
  /** The same without recoveries: which of the ring's keys is active those do not say. */
  activeNamedAt(epoch: number): number;
  /** The earliest epoch of the platform that a statement after `epoch` is vouched for at; null where none is. */
  authorityAfter(epoch: number): number | null;
}

/**
 * The platform's ring as a Node sees it that held `heldEpoch` of it when it left our chain; null where it did not leave. What
 * the recovery key vouched for by then is of the Node's own past, and no Node takes that twice: each fork needs a revoke or
 * rollback of its own.
 */
export function platformFromFork<Ring extends RingHistory>(platform: Ring, heldEpoch: number | null): Ring {
  const { superiorEpoch } = platform;
  const isHeld = superiorEpoch !== null && heldEpoch !== null && superiorEpoch <= heldEpoch;
  return isHeld ? { ...platform, superiorEpoch: null } : platform;
}

/** What a Node must hear about keys next. `told`: what its stream has told it once the message stands there. */
export type KeyNews =
  | { readonly kind: 'none' }
  /** It follows another chain, and there is no revoke or rollback to lead it back: nothing may be sent to it. */
  | { readonly kind: 'forked' }
  | {
      readonly kind: 'announce';
      readonly eventType: 'signing_key_rotated' | 'platform_key_rotated';
      /** The key of the Node's own ring that signs it. */
      readonly keyId: string;
      readonly told: Partial<Told>;
    }
  /**
   * Statements from `chainStart` on, and a bundle. `gates`: whether everything else waits for it; what is no trust change
   * (a close) is told as soon as may be, and nothing waits.
   */
  | { readonly kind: 'chain'; readonly gates: boolean; readonly told: Told };

/**
 * Which change, told to whom, becomes which message, in this order:
 *
 * | the Node                                        | and                                | it gets                          |
 * | ----------------------------------------------- | ---------------------------------- | -------------------------------- |
 * | is on a fork of its own ring without a way back | lacks news of the platform         | a chain of the platform's alone  |
 * |                                                 | otherwise                          | nothing, whatever waits          |
 * | lacks its own ring's trust epoch                | an announcement bridges it         | `signing_key_rotated`            |
 * |                                                 | its platform is such a fork        | nothing, whatever waits          |
 * |                                                 | otherwise                          | a chain, which gates             |
 * | is on such a fork of the platform's ring        |                                    | no news                          |
 * | lacks the platform's trust epoch                | an announcement bridges it         | `platform_key_rotated`           |
 * |                                                 | otherwise                          | a chain, which gates             |
 * | lacks a later epoch of either                   |                                    | a chain, for which nothing waits |
 *
 * An announcement is signed by the key that the Node was last told is active: that one it surely holds as such. It bridges
 * exactly one statement: whoever lacks two would not find the second one's predecessor, and say hello for ever. Nor does it
 * where that key verifies no more, or the Node cannot know which key of the platform vouches. There the statements prove
 * themselves. `platform_key_rotated` is signed by the Domain's active key, so it comes after the news of that.
 */
export function nextKeyNews(told: Told, own: RingHistory, platform: RingHistory): KeyNews {
  const isDomains = own.scope !== platform.scope;
  const end: Told = { epoch: own.epoch, platformEpoch: platform.epoch };
  const isPlatformLost = isDomains && isLost(told.platformEpoch, platform);
  if (isLost(told.epoch, own)) {
    const hearsPlatform = isDomains && !isPlatformLost && told.platformEpoch < platform.epoch;
    return hearsPlatform ? { kind: 'chain', gates: true, told: { ...end, epoch: FORKED } } : { kind: 'forked' };
  }
  if (told.epoch < own.trustEpoch) {
    const keyId = announcerAfter(told.epoch, own);
    if (keyId !== undefined && knowsAuthority(told, own, platform)) {
      const reached = isDomains ? { epoch: own.trustEpoch } : { epoch: own.trustEpoch, platformEpoch: own.trustEpoch };
      return { kind: 'announce', eventType: 'signing_key_rotated', keyId, told: reached };
    }
    return isPlatformLost ? { kind: 'forked' } : { kind: 'chain', gates: true, told: end };
  }
  if (isPlatformLost) return { kind: 'none' };
  if (isDomains && told.platformEpoch < platform.trustEpoch) {
    if (announcerAfter(told.platformEpoch, platform) === undefined) return { kind: 'chain', gates: true, told: end };
    const reached = { platformEpoch: platform.trustEpoch };
    return { kind: 'announce', eventType: 'platform_key_rotated', keyId: activeKey(own).keyId, told: reached };
  }
  const isBehind = told.epoch < own.epoch || (isDomains && told.platformEpoch < platform.epoch);
  return isBehind ? { kind: 'chain', gates: false, told: end } : { kind: 'none' };
}

/** On a fork of the ring, and nothing leads back: a bundle would be refused. */
export const isLost = (toldEpoch: number, { superiorEpoch }: Pick<RingHistory, 'superiorEpoch'>): boolean =>
  toldEpoch === FORKED && superiorEpoch === null;

/** The key that was active then, if one statement tells all that came after, and that key still verifies. */
function announcerAfter(epoch: number, ring: RingHistory): string | undefined {
  const keyId = ring.activeAt(epoch);
  const state = ring.keys.find((key) => key.keyId === keyId)?.state;
  if (state !== 'active' && state !== 'retiring') return undefined;
  return ring.statementsAfter(epoch) === 1 ? keyId : undefined;
}

/**
 * Whether the Node holds the platform's key that vouches for what it lacks as the one that was active then: it was told of
 * that epoch, and of no statement after it.
 */
function knowsAuthority({ epoch, platformEpoch }: Told, own: RingHistory, platform: RingHistory): boolean {
  const authority = own.authorityAfter(epoch);
  return authority === null || (authority <= platformEpoch && authority >= platform.headAt(platformEpoch));
}

/** What an announcement of a ring says beside its statement. Two keys are what a Go Node holds. */
export interface Announced<K> {
  readonly current: K;
  readonly previous: K | null;
  /** When `previous` verifies no more; null where there is none. */
  readonly expires: Date | null;
}

/**
 * By what the last change of trust left in the ring:
 *
 * | after              | current          | previous            | expiry             |
 * | ------------------ | ---------------- | ------------------- | ------------------ |
 * | rotate             | the active key   | the one before      | closes_at + skew   |
 * | stage              | the staged key   | the active key      | that of the stage  |
 * | rollback           | the active key   | the one rolled back | the end of settling |
 * | unstage, a revoke  | the active key   | none                | none               |
 */
export function announcedKeys<K extends VerifyingKey>(keys: readonly K[]): Announced<K> {
  const active = activeKey({ keys });
  const other = keys.find(({ state }) => state === 'staged') ?? keys.find(({ state }) => state === 'retiring');
  if (other === undefined) return { current: active, previous: null, expires: null };
  const [current, previous] = other.state === 'staged' ? [other, active] : [active, other];
  return { current, previous, expires: other.verifiesUntil };
}
