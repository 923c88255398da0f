import { activeKey, type Key, type KeyRing } from './key-ring';

/** The epochs of both rings that a Node's stream has told it. Of a Node of `platform` both are of the one ring. */
export interface Told {
  readonly epoch: number;
  readonly platformEpoch: number;
}

/** A ring, and what is remembered of the epochs that Nodes were told. */
export interface RingHistory extends Pick<KeyRing, 'scope' | 'epoch' | 'trustEpoch'> {
  readonly keys: readonly Pick<Key, 'keyId' | 'state'>[];
  /** The key id that was active at an epoch; undefined where nobody knows. */
  activeAt(epoch: number): string | undefined;
  /** How many statements lie after an epoch. */
  statementsAfter(epoch: number): number;
}

/** What a Node must hear about keys next. `told`: what its stream has told it once the message stands there. */
export type KeyNews =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'announce';
      readonly eventType: 'signing_key_rotated' | 'platform_key_rotated';
      /** The key of the Node's own ring that signs it. */
      readonly keyId: string;
      readonly told: Partial<Told>;
    }
  /**
   * The statements since both told epochs, and a bundle. `gates`: whether everything else waits for it; what is no trust
   * change (a close) is told as soon as may be, and nothing waits.
   */
  | { readonly kind: 'chain'; readonly gates: boolean; readonly told: Told };

/**
 * Which change, told to whom, becomes which message, in this order:
 *
 * | the Node has not been told                      | and                                             | it gets                  |
 * | ----------------------------------------------- | ----------------------------------------------- | ------------------------ |
 * | its own ring's trust epoch                      | one statement lies between, its old key verifies | `signing_key_rotated`    |
 * |                                                 | otherwise                                       | a chain, which gates     |
 * | the platform's trust epoch (Nodes of a Domain)  | one statement lies between, its old key verifies | `platform_key_rotated`   |
 * |                                                 | otherwise                                       | a chain, which gates     |
 * | a later epoch of either (a close)               |                                                 | a chain, for which nothing waits |
 *
 * `signing_key_rotated` is signed by the key that the Node was last told is active: that one it surely holds as such.
 * `platform_key_rotated` is signed by the Domain's active key, so it comes after the news of that. A key that verifies no
 * more can announce nothing, and an announcement carries one statement: beyond that the statements prove themselves.
 */
export function nextKeyNews(told: Told, own: RingHistory, platform: RingHistory): KeyNews {
  const isDomains = own.scope !== platform.scope;
  const end: Told = { epoch: own.epoch, platformEpoch: platform.epoch };
  if (told.epoch < own.trustEpoch) {
    const keyId = announcerAfter(told.epoch, own);
    if (keyId === undefined) return { kind: 'chain', gates: true, told: end };
    const reached = isDomains ? { epoch: own.trustEpoch } : { epoch: own.trustEpoch, platformEpoch: own.trustEpoch };
    return { kind: 'announce', eventType: 'signing_key_rotated', keyId, told: reached };
  }
  if (isDomains && told.platformEpoch < platform.trustEpoch) {
    if (announcerAfter(told.platformEpoch, platform) === undefined) return { kind: 'chain', gates: true, told: end };
    const reached = { platformEpoch: platform.trustEpoch };
    return { kind: 'announce', eventType: 'platform_key_rotated', keyId: activeKey(own).keyId, told: reached };
  }
  const isBehind = told.epoch < own.epoch || (isDomains && told.platformEpoch < platform.epoch);
  return isBehind ? { kind: 'chain', gates: false, told: end } : { kind: 'none' };
}

/** The key that was active then, if one statement tells all that came after, and the overlap that it opened lasts. */
function announcerAfter(epoch: number, ring: RingHistory): string | undefined {
  const keyId = ring.activeAt(epoch);
  const state = ring.keys.find((key) => key.keyId === keyId)?.state;
  if (state !== 'active' && state !== 'retiring') return undefined;
  return ring.statementsAfter(epoch) === 1 ? keyId : undefined;
}
