/**
 * What a mesh Node embeds: hears its stream, verifies each event by the keys that it trusts, follows key changes, hands
 * events to the application in order, and acknowledges what is done. Keeps its trust on disk. Knows the contract and
 * the bus; no database, no Nest, no service. Exports what a user needs and no more: README.md explains each.
 */
export { parseEnrolment, readEnrolment, type Enrolment } from './enrolment';
export { NodeClient, type NodeClientOptions } from './node-client';
export type {
  BusRefused,
  Counts,
  Handler,
  KeyRefusal,
  Logger,
  NodeEvent,
  NodeObserver,
  Refused,
  RefusalReason,
  Trusts,
} from './node-observer';
export { NodeSdkError, type NodeSdkErrorCode } from './node-sdk-error';
