import { IsOptional, IsString, IsUUID, ValidateIf } from '../validator';
import type { Scope } from '../scope';
import { IsEventId, IsEventType, IsScope } from './constraints';
import { Page, type Paged } from './page';
import { Request } from './request';

/** To every Node of a scope, or to one Node: exactly one of `scope` and `node_id`. */
export class Publish extends Request {
  @ValidateIf((publish: Publish) => publish.node_id === undefined)
  @IsScope()
  scope?: Scope;

  // Not IsOptional, which lets null pass.
  @ValidateIf((publish: Publish) => publish.node_id !== undefined)
  @IsUUID()
  node_id?: string;

  @IsEventType()
  event_type: string;

  /** JSON text, kept as text: number spellings and key order survive. */
  @IsOptional()
  @IsString()
  payload?: string;
}

export interface PublishReply {
  event_id: string;
  nodes: number;
}

/** Newest first: one scope's, or those of every scope that the asker may see. */
export class ListEvents extends Page {
  @IsOptional()
  @IsScope()
  scope?: Scope;
}

/** Counts rise to `counted_to` and no further: then `applied` is null, and the others are at least what they say. */
export interface EventSummary {
  event_id: string;
  scope: Scope;
  event_type: string;
  /** Of key events alone: the ring's epoch that they tell of. */
  epoch: number | null;
  created_at: string;
  /** Nodes that it was written for. */
  nodes: number;
  /** Nodes that have it. */
  applied: number | null;
  /** Nodes that have not, as far as anybody knows. */
  waiting: number;
  /** Nodes that need it no more: removed ones, and those that hold what came later. */
  superseded: number;
  /** Nodes that were away for longer than an event is kept. */
  expired: number;
}

export interface ListEventsReply extends Paged {
  events: EventSummary[];
  counted_to: number;
}

export class ShowEvent extends Page {
  @IsEventId()
  event_id: string;
}

/** A Node that does not have the event. */
export interface MissingNode {
  node_id: string;
  scope: Scope;
  name: string;
  /** `unsent` waits for a relay, `sent` for the Node's word; `expired` is given up: a resync stands for it. */
  state: 'unsent' | 'sent' | 'expired';
  /** Since when it is in this state. */
  since: string;
  /** The Node's last word; null where it never came. */
  last_seen_at: string | null;
}

/** The Nodes that wait, in the order in which they were written down, then those that are given up. */
export interface ShowEventReply extends EventSummary, Paged {
  counted_to: number;
  /** Those of other scopes than the event's are shown to who may see these. */
  missing: MissingNode[];
}
