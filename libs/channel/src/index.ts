/**
 * Both ends of a channel between two services: signs what the one sends, verifies it at the other, over every rotation of
 * the secrets that they share. Knows where its keys are read, or who is told of them, and nothing of how they are made or
 * brought. Exports what a user needs and no more: README.md explains each.
 */
export { ChannelError, type ChannelErrorCode } from './channel-error';
export {
  ChannelReceiver,
  type ChannelReceiverOptions,
  type IncomingCall,
  type IncomingWebhook,
} from './channel-receiver';
export {
  ChannelSender,
  type ChannelSenderOptions,
  type SentBody,
  type SentCall,
  type SentWebhook,
  type SignedInit,
} from './channel-sender';
export type { MessageHeaders } from './headers';
export { callOf, webhookOf } from './http/admit';
export type { IncomingRequest } from './http/raw-body';
export type { ChannelKey, ChannelKeys, ChannelLogger } from './keys/channel-keys';
export { fileKeys, type FileKeysOptions } from './keys/file-keys';
export { joinKeys } from './keys/join-keys';
export type { KeyEncoding, KeyFormat, KeyTextOptions } from './keys/key-text';
export type { KeyTimes } from './keys/key-times';
export { memberKeys, type ChannelMember } from './keys/member-keys';
export { readKeys, type CachedKeysOptions, type ReadKeysOptions } from './keys/read-keys';
export { MessageRefused } from './message-refused';
export type { ChannelObserver } from './observer';
export type { ReceivedCall, ReceivedWebhook } from './received';
export type { RefusalReason } from './refusals';
export { SeenMemory, type SeenStore } from './seen-store';
