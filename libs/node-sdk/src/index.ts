/**
 * What a mesh Node embeds: hears its stream, verifies each event by the keys that it trusts, follows key changes, hands
 * events to the application in order, and acknowledges what is done. Keeps its trust on disk. Knows the contract the bus
 * and gateways; no database, no Nest, no service. Exports what a user needs and no more: README.md explains each.
 *
 * trust: what it verifies by, and how that changes · store: the same on disk · transport: how messages come, by the bus or
 * over HTTP · session: messages in order, to the application · enrolment: how it becomes a Node · member: the secrets of a
 * channel, and what is reported of them.
 */
export {
  parseEnrolment,
  readEnrolment,
  type BusEnrolment,
  type ChannelEnrolment,
  type Enrolment,
  type HttpEnrolment,
} from './enrolment/enrolment';
export { gatewayUrls } from './enrolment/gateway-url';
export type { BeforeProof, ChannelMember, MemberKey, MemberRing } from './member/channel-member';
export { NodeClient, type NodeClientOptions } from './node-client';
export type {
  ChannelRefusal,
  Counts,
  Handler,
  KeyRefusal,
  Logger,
  NodeEvent,
  NodeObserver,
  Refused,
  RefusalReason,
  Trusts,
  TurnedAway,
} from './node-observer';
export { registerNode, type Registration } from './enrolment/register-node';
export { NodeSdkError, type NodeSdkErrorCode } from './node-sdk-error';
