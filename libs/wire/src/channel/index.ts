/** Secrets that two services share: who is told of them, how they travel, and what is said of them in their place. */
export { ChannelError, type ChannelErrorCode } from './channel-error';
export * from './names';
export { channelProof, checkValue, isSameMac, type Proven } from './proof';
export { isSealingKey, isSealingText, makeSealingPair, type SealingPair } from './sealing-key';
export { SECRET_TYPE, sealSecret, unsealSecret } from './sealed-secret';
export { MOST_MEMBERS, REPORT_LIMITS, isReason } from './report-limits';
export { CHANNEL_KEYS_CHANGED, readKeysChanged, type ChannelKey, type ChannelKeysChanged } from './keys-changed';
