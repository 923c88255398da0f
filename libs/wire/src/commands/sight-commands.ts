import { IsInt, IsOptional, IsUUID, Max, Min, ValidateIf } from 'class-validator';
import type { Scope } from '../scope';
import type { KeyView } from '../ring-view';
import { IsKeyId, IsNodeName, IsScope } from './constraints';

/** What an operator can see. Nothing here changes anything. Times RFC 3339, UTC, by the database's clock. */

/** One scope, or every scope that the asker may see. */
export class Status {
  @IsOptional()
  @IsScope()
  scope?: Scope;
}

export interface StatusReply {
  /** The database's now, which every age below is counted from. */
  now: string;
  /** The installation runs with an overlap window below what keeps every verifier live. */
  short_overlap_allowed: boolean;
  scopes: ScopeStatus[];
  /** Of the last hour, the most frequent first, at most 50 kinds; to an operator of some scopes, their own alone. */
  refusals: RefusalCount[];
  /** Whose requests waited, in the last hour, because of what they had under way themselves; to whom as above. */
  held_back: HeldBackCount[];
}

export interface HeldBackCount {
  actor: string;
  /** What they waited for: `commands`, … */
  queue: string;
  /** Requests that waited. */
  count: number;
  last_at: string;
}

/** What was refused to whom. `others` and `unknown` stand for actors and commands that are not told apart. */
export interface RefusalCount {
  actor: string;
  command: string;
  code: string;
  detail: string;
  count: number;
  /** To the minute. */
  last_at: string;
}

export interface ScopeStatus {
  scope: Scope;
  epoch: number;
  trust_epoch: number;
  keys: (Pick<KeyView, 'key_id' | 'state' | 'algorithm'> & { since: string; age_seconds: number })[];
  /** The open rotation; null where none is. */
  transition: OpenTransitionView | null;
  signers: SignerStatus[];
  /** Absent where the epoch never went back. */
  went_back?: WentBack;
  nodes: NodesStatus;
  /** Of the platform alone: the Nodes of all Domains, by what they were told and have applied of the platform's ring. */
  domain_nodes?: NodesStatus;
  backlog: Backlog;
}

export interface OpenTransitionView {
  old_key_id: string;
  new_key_id: string;
  opened_at: string;
  closes_at: string;
  /** Until closes_at; negative once it is past. */
  seconds_left: number;
  /** When no lease of the epoch before it was left; null while the switch is under way. */
  switched_at: string | null;
  /** From when on no verifier can still need the old key; null while the switch is under way. */
  safe_close_at: string | null;
}

export interface SignerStatus {
  holder: string;
  /** `confirmed` works by the present epoch, `behind` by an earlier one under a live lease, `lapsed` has none. */
  state: 'confirmed' | 'behind' | 'lapsed';
  epoch: number | null;
  renewed_at: string;
  /** Its clock is wrong, so it gave its leases back: by so much it is ahead of the database's. */
  clock_off_by_seconds?: number;
  /** A later epoch than the ring's that it claims and does not prove, so it gets no lease here; and how often it did. */
  claimed_epoch?: number;
  refused_claims?: number;
}

/** A proven later epoch than the ring has here: nobody serves the scope until an operator has decided. */
export interface WentBack {
  epoch: number;
  /** The holder that proved it. */
  shown_by: string;
  shown_at: string;
}

/**
 * `enrolled` = applied + lagging + pending, `sent` ≥ `applied`. Offline ones are counted there too. Counts are whole,
 * names at most 50; Nodes of another scope are named `<scope>/<name>`, to who may see that scope.
 */
export interface NodesStatus {
  enrolled: number;
  sent: number;
  applied: number;
  lagging_count: number;
  lagging: string[];
  pending_count: number;
  pending: string[];
  offline_count: number;
  offline: { name: string; since: string }[];
  /** Of those that do not count as offline yet the one whose last word is the oldest. */
  quietest: { name: string; seconds: number } | null;
}

/** Rows of the outbox that their Nodes have not applied, as far as anybody knows: `rows` = `unsent` + `sent`. */
export interface Backlog {
  rows: number;
  unsent: number;
  /** Published, and not acknowledged. */
  sent: number;
  /** Age of the oldest, in seconds; null where there is none. */
  oldest_seconds: number | null;
  oldest_unsent_seconds: number | null;
}

export class PlanRotate {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  new_key_id: string;
}

export interface PlanRotateReply {
  scope: Scope;
  old_key_id: string | null;
  new_key_id: string;
  /** If it were opened now. */
  closes_at: string;
  /** Nodes that the event would go to, and how many of them are pending or offline. */
  nodes: number;
  pending_count: number;
  offline_count: number;
  /** Of the platform alone: the Nodes of all Domains, which would be told as well. */
  domain_nodes?: { nodes: number; pending_count: number; offline_count: number };
  /** Signers that would have to try the new key. */
  signers: string[];
  /** Stable details (problem.ts) of what would refuse it; empty where nothing would. */
  blocked_by: string[];
}

export class PlanClose {
  @IsScope()
  scope: Scope;

  @IsOptional()
  @IsKeyId()
  old_key_id?: string;

  @IsOptional()
  @IsKeyId()
  new_key_id?: string;
}

export interface PlanCloseReply {
  scope: Scope;
  old_key_id: string | null;
  new_key_id: string | null;
  closes_at: string | null;
  /** When it could be closed without force: now where nothing blocks, closes_at where Nodes lag; null where nothing is open. */
  earliest_close_at: string | null;
  /** From when on no verifier can still need the old key; null where nothing is open or the switch is under way. */
  safe_close_at: string | null;
  nodes: NodesStatus;
  /** Of the platform alone. They do not block: a chain brings back those that lag. */
  domain_nodes?: NodesStatus;
  blocked_by: string[];
}

export interface ListReply {
  rings: { scope: Scope; epoch: number; active_key_id: string; open: boolean; nodes: number }[];
}

export class History {
  @IsScope()
  scope: Scope;

  /** The newest so many; 20 without it. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  limit?: number;
}

export interface TransitionSummary {
  id: string;
  scope: Scope;
  old_key_id: string;
  new_key_id: string;
  opened_at: string;
  closes_at: string;
  outcome: 'open' | 'closed' | 'rolled_back' | 'revoked';
  ended_at: string | null;
  reason: string | null;
  /** Names of operators. */
  opened_by: string;
  ended_by: string | null;
}

/** Newest first. */
export interface HistoryReply {
  transitions: TransitionSummary[];
}

export class Show {
  @IsUUID()
  id: string;
}

export interface ShowReply extends TransitionSummary {
  switched_at: string | null;
  end_switched_at: string | null;
  old_key_destroyed_at: string | null;
  audit: { happened_at: string; actor: string; action: string; detail: unknown }[];
}

export interface DomainListReply {
  domains: { id: string; scope: Scope; active_key_id: string; open: boolean; nodes: number; created_at: string }[];
}

export class ListNodes {
  @IsOptional()
  @IsScope()
  scope?: Scope;

  /** The `next` of the reply before. */
  @ValidateIf((list: ListNodes) => list.after !== undefined)
  @IsUUID()
  after?: string;
}

export interface NodeSummary {
  node_id: string;
  scope: Scope;
  name: string;
  /** `pending` has never said hello; `lagging` holds a key and has not applied the trust epoch. */
  progress: 'applied' | 'lagging' | 'pending';
  /** Not silent for 180 s: `last_seen_seconds` says how old its last word is. */
  online: boolean;
  last_seen_at: string | null;
  last_seen_seconds: number | null;
}

/** By scope and name, at most 2,000 of them: more would not fit a message of the bus. */
export interface ListNodesReply {
  nodes: NodeSummary[];
  /** Where there are more: ask again with it as `after`. */
  next?: string;
}

/** By id, or by scope and name. */
export class NodeReference {
  // Not IsOptional, which lets null pass: a reference that names nothing would be taken for any Node.
  @ValidateIf((node: NodeReference) => node.node_id !== undefined)
  @IsUUID()
  node_id?: string;

  @ValidateIf((node: NodeReference) => node.node_id === undefined)
  @IsScope()
  scope?: Scope;

  @ValidateIf((node: NodeReference) => node.node_id === undefined)
  @IsNodeName()
  name?: string;
}

export interface ShowNodeReply extends NodeSummary {
  state: 'enrolled' | 'removed' | 'revoked';
  added_at: string;
  /** On the bus, by this Node's credential: two or more are a clone, or a connection that is not found dead yet. Null while they are not counted. */
  connections: number | null;
  told_epoch: number;
  /** Null until it has been seen: what its enrolment wrote down is no word of its own. */
  applied_epoch: number | null;
  applied_position: number | null;
  backlog: Backlog;
}
