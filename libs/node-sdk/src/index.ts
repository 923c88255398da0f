/**
 * What a mesh Node embeds: hears its stream, verifies each event by the keys that it trusts, follows key changes, hands
 * events to the application in order, and acknowledges what is done. Keeps its trust on disk. Knows the contract and
 * the bus; no database, no Nest, no service.
 */
export { BusClientError, type BusClientErrorCode } from '@plexsphere/bus-client';
export { EnrolmentError, parseEnrolment, readEnrolment, type Enrolment, type EnrolmentProblem } from './enrolment';
export { NodeClient, type NodeClientOptions } from './node-client';
export type {
  BusRefused,
  Counts,
  Handler,
  Logger,
  NodeEvent,
  NodeObserver,
  Refused,
  RefusalReason,
  Trusts,
} from './node-observer';
export { trustAtEnrolment, trustedKeys, type TrustState } from './trust-state';
export { TrustStore, TrustStoreError, type TrustStoreProblem } from './trust-store';
export { decide, type Decision } from './verify';
