import { IsOptional } from '../validator';
import type { Scope } from '../scope';
import type { AlgorithmName } from '../algorithms';
import type { RotateEveryText } from '../rotate-every';
import type { KeyView, RotationView } from '../ring-view';
import type { ChannelPhase } from './channel-commands';
import { IsScope } from './constraints';

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
  /** Which its keys may be of, where that is more than one. */
  algorithms?: AlgorithmName[];
  keys: KeyStatus[];
  /** Of an issuer: until when verifiers that keep key sets may not know the active key yet; null where all know it. */
  known_by: string | null;
  /** The open rotation; null where none is. */
  transition: OpenTransitionView | null;
  /** Of a channel's ring alone. */
  channel?: ChannelStatus;
  signers: SignerStatus[];
  /** Absent where the epoch never went back. */
  went_back?: WentBack;
  nodes: NodesStatus;
  /** Of the platform alone: the Nodes of all Domains, by what they were told and have applied of the platform's ring. */
  domain_nodes?: NodesStatus;
  /** Nodes over HTTP whose streams wait for a state: nothing is sent to them meanwhile. Absent where there are none. */
  waiting?: WaitingNodes;
  /** Nodes that follow a chain of the scope's ring which is not ours; absent where there are none, as the next two. */
  forks?: ForkedNodes;
  /** Of the platform alone: the same of the platform's ring by the Nodes of Domains, named as in `domain_nodes`. */
  domain_forks?: ForkedNodes;
  /** Of the platform alone: Domains with Nodes that do so of their own ring. */
  forked_domains?: ForkedDomains;
  /** Nodes of which a key that they have replaced goes on being used: somebody has it. Absent where there are none. */
  contested?: ContestedNodes;
  /** Of the platform alone. */
  recovery?: RecoveryStatus;
  backlog: Backlog;
  /** What is done by itself. Each is absent where there is none. */
  schedule?: ScheduleStatus;
  promotion?: PromotionStatus;
  rotator_failure?: RotatorFailure;
  /** The ring does not go by its kind's policy as it was decided last; plexctl policy show says why. */
  lacks_policy?: { kind_version: number };
}

/** How far the two ends of a ring have come. */
export interface ChannelStatus {
  /** Of its latest rotation; null before the first. */
  phase: ChannelPhase | null;
  /** Since when the new key of that signs; null before, and where it never did. */
  activated_at: string | null;
  /** Members that sign by the ring, and that verify. */
  senders: number;
  receivers: number;
  /** Whom its next step waits for, by name: at most 50. */
  waiting_for: string[];
  /** From when on a staged key signs, since all have proven it: before that who reads a sink's target does so anew; null else. */
  signs_from: string | null;
  /** Whether a new key waits for longer than it should to be proven. */
  overdue: boolean;
}

export interface ScheduleStatus {
  rotate_every: RotateEveryText;
  /** Of the next rotation; past where something is in its way. */
  due_at: string | null;
}

/** A staged key that signs once so many of the Nodes that were ever seen have applied it. */
export interface PromotionStatus {
  key_id: string;
  percent: number;
  deadline: string;
  asked_by: string;
}

/** What could not be done by itself so far, and when it is tried again. */
export interface RotatorFailure {
  step: string;
  detail: string;
  failures: number;
  failed_at: string;
  retry_at: string;
}

export interface KeyStatus extends Pick<KeyView, 'key_id' | 'state' | 'algorithm'> {
  since: string;
  age_seconds: number;
  /** Of a staged key: from when on it may be rotated to without being forced, and until when. */
  propagated_at?: string;
  rotate_by?: string;
  /** Of a staged or a retiring key: until when a verifier that hears nothing more takes it. */
  verifies_until?: string;
  /** Of an issuer's retiring key: when the last token by it ends; absent while the switch is under way. */
  tokens_until?: string;
  /** Of a key of another service: what its tokens call it, null where they name none; absent of ours. */
  jwk_kid?: string | null;
  foreign_signs_until?: string;
}

/** Whose private half the operators keep. */
export interface RecoveryStatus {
  key_id: string;
  public_key: string;
  /** Since when it counts as exposed; null where it was never used. */
  used_at: string | null;
}

export interface OpenTransitionView extends RotationView {
  /** Until closes_at; negative once it is past. */
  seconds_left: number;
  /** When no lease of the epoch before it was left; null while the switch is under way. */
  switched_at: string | null;
  /** From when on no verifier can still need the old key; null while the switch is under way. */
  safe_close_at: string | null;
  /** When it closes by itself; null where it is closed by hand, and while nobody knows when the old key's tokens end. */
  closes_itself_at: string | null;
  /** Until when tokens by the old key block a close, with the skew of clocks; null where nobody knows yet; absent where it signs none. */
  outstanding_until?: string | null;
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

/** What they hold can announce nothing to them any more, or nobody knows what it is: their next state says. */
interface WaitingNodes {
  count: number;
  /** At most 50. */
  names: string[];
  /** Of the one that waits for longest. */
  since: string;
}

/** Somebody signed who should not, or the database is older than what the Nodes heard: a revoke of ours leads them back. */
export interface ForkedNodes {
  count: number;
  /** At most 50. */
  names: string[];
}

/** Each was copied, or comes from a backup: it is revoked, and its host comes in anew. */
export interface ContestedNodes {
  count: number;
  /** At most 50. */
  names: string[];
}

/** Each needs a revoke of its own, made after the platform's. */
export interface ForkedDomains {
  count: number;
  /** At most 50, of those that the asker may see. */
  scopes: Scope[];
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
