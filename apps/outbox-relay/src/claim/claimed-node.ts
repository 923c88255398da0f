import type { ChainPlace } from '@plexsphere/keyring';
import type { Listens } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';

/** An ordinary event on its way to one Node. */
export interface OrdinaryEvent {
  /** Of outbox.message; a bigint, as text. */
  id: string;
  eventId: string;
  eventType: string;
  /** JSON text. */
  payload: string | null;
  position: number;
  /** Whether this claim has given it that position: nothing was ever published under it. */
  isPlacedNow: boolean;
  /** Of news of a channel's ring, which says nothing by itself: what is told is as the ring is when it goes out. */
  channel: ChannelRing | null;
}

/** A channel's ring, as it was when the event was claimed. */
export interface ChannelRing {
  scope: Scope;
  /** null where there is none of that name. */
  epoch: number | null;
}

/** A Node as it was when this relay claimed it. */
export interface ClaimedNode {
  nodeId: string;
  scope: Scope;
  listens: Listens;
  /** Rises with each claim: whoever comes with an older one has lost the Node. */
  attempt: number;
  toldEpoch: number;
  toldPlatformEpoch: number;
  /** What it held of the platform's ring when it left our chain of that; null where it is on no such fork. */
  platformForkedFrom: number | null;
  /** Where an unfinished chain goes on; until it is finished the Node hears nothing but its next part. */
  chain: ChainPlace | null;
  /** All up to here is settled, in order. */
  settledPosition: number;
  lastPosition: number;
  /** Of the Node's subject on the stream; 0 before the first message. */
  lastSequence: number;
  /** What no `stream_ready` has answered yet. `corrects`: a chain message has to put right what it says first. */
  hello: { helloId: string; corrects: boolean } | null;
  /** Of a Node that reads no statement: whether its stream waits for a state, and the last `stream_ready` that was sent. */
  waits: boolean;
  ready: { epoch: number; position: number } | null;
}

/** What identifies a claim in the database. */
export type ClaimKey = Pick<ClaimedNode, 'nodeId' | 'attempt'>;
