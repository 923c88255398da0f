/** Which of the keys that are held a message was signed by. */
import type { ChannelKey } from './keys/channel-keys';
import { isLongEnough } from './mac';

export interface Signer {
  keyId: string;
  /** No other key that is held could have verified it: this end would have refused it without this one. */
  alone: boolean;
}

/** More than a ring ever holds: what is done for one message has a bound, whatever a source says. */
const MAX_KEYS = 16;

/** Those that serve for it at this moment, newest first. */
export function keysInUse(keys: readonly ChannelKey[], use: ChannelKey['use'], nowMs: number): readonly ChannelKey[] {
  const serving = keys.filter(
    (key) => key.use === use && (key.verifiesUntil === null || key.verifiesUntil.getTime() > nowMs),
  );
  return serving.length > MAX_KEYS ? serving.slice(0, MAX_KEYS) : serving;
}

export const haveShortSecret = (keys: readonly ChannelKey[]): boolean =>
  keys.some(({ secret }) => !isLongEnough(secret));

/** The newest that verifies counts, so that a message signed by both keys of a rotation is one by the new. */
export function signerOf(keys: readonly ChannelKey[], isBy: (key: ChannelKey) => boolean): Signer | undefined {
  const by = keys.filter(isBy);
  return by[0] && { keyId: by[0].keyId, alone: by.length === 1 };
}
