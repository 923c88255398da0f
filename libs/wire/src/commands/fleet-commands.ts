/** Nodes by their keys, and fleet runs: one order to many of them to change their keys, in waves. */
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsUUID, Max, Min, ValidateIf } from '../validator';
import type { Scope } from '../scope';
import { FLEET_MODES, FLEET_ON_ERROR, type FleetMode, type FleetOnError } from '../fleet-order';
import { MOST_TAGS, type FleetTarget } from '../fleet-targets';
import { IsFleetTargets, IsScope, IsTag, IsWords } from './constraints';
import { NodeReference } from './node-commands';
import { Request } from './request';

/** Adds these tags to a Node and takes those away. */
export class TagNode extends NodeReference {
  @IsOptional()
  @IsUUID()
  request_id?: string;

  @IsArray()
  @ArrayMaxSize(MOST_TAGS)
  @IsTag({ each: true })
  add: string[];

  @IsArray()
  @ArrayMaxSize(MOST_TAGS)
  @IsTag({ each: true })
  remove: string[];
}

export interface TagNodeReply {
  node_id: string;
  scope: Scope;
  name: string;
  tags: string[];
}

/** Puts a Node out for good: its keys are revoked, its connection is cut. */
export class RevokeNode extends NodeReference {
  @IsOptional()
  @IsUUID()
  request_id?: string;

  @IsWords()
  reason: string;
}

export interface RevokeNodeReply {
  node_id: string;
  scope: Scope;
  name: string;
  revoked_at: string;
  /** Whether the bus has it; where not, it gets it as soon as it and a signer are there. */
  pushed: boolean;
}

class FleetOrder extends Request {
  @IsFleetTargets()
  targets: FleetTarget[];

  @IsIn(FLEET_MODES)
  mode: FleetMode;

  /** Of a rolling run: how many at once. */
  @ValidateIf((order: FleetOrder) => order.mode === 'rolling')
  @IsInt()
  @Min(1)
  @Max(1_000)
  batch?: number;

  @IsIn(FLEET_ON_ERROR)
  on_error: FleetOnError;

  /** With `stop-after`: one failure more halts the run. */
  @ValidateIf((order: FleetOrder) => order.on_error === 'stop-after')
  @IsInt()
  @Min(0)
  @Max(100_000)
  stop_after?: number;

  /** For each Node, from its wave's beginning. */
  @IsInt()
  @Min(5)
  @Max(86_400)
  deadline_seconds: number;
}

/** Begins a fleet run. */
export class RotateFleet extends FleetOrder {
  @IsOptional()
  @IsWords()
  reason?: string;
}

export class PlanFleet extends FleetOrder {}

export interface PlanFleetReply {
  /** With a Node key, and among the targets. */
  nodes: number;
  waves: number;
  /** Among the targets, and without a Node key: over HTTP, or of `node add` and not adopted yet. They take no part. */
  without_node_key: number;
  /** The first of those, by name, and how they listen. */
  left_out: { node_id: string; scope: Scope; name: string; listens: 'bus' | 'sdk' | 'go' }[];
  /** Silent: their step would fail unless they come back before its deadline. */
  offline: number;
  /** How many changes the bus' list of revocations has room for now. */
  fits: number;
  /** The first of them, by name. */
  first: { node_id: string; scope: Scope; name: string }[];
}

export const FLEET_STATES = ['running', 'halted', 'finished', 'aborted'] as const;
export type FleetState = (typeof FLEET_STATES)[number];

/** `waiting` for its wave; `ordered`; then `rotated`, once the Node has confirmed, or `failed`. */
export const STEP_STATES = ['waiting', 'ordered', 'rotated', 'failed', 'skipped'] as const;
export type StepState = (typeof STEP_STATES)[number];

/** Why a step failed or was skipped. The first ones are the server's word, those of `HOST_FAILURES` the Node's own. */
export const HOST_FAILURES = ['disk_full', 'read_only', 'store_failed'] as const;
export type HostFailure = (typeof HOST_FAILURES)[number];
export const STEP_REASONS = [
  'offline',
  'no_answer',
  'not_confirmed',
  'removed',
  'revoked',
  'contested',
  'revocation_list_full',
  'aborted',
  ...HOST_FAILURES,
] as const;
export type StepReason = (typeof STEP_REASONS)[number];

export interface FleetRun {
  run: string;
  state: FleetState;
  mode: FleetMode;
  batch: number | null;
  on_error: FleetOnError;
  stop_after: number | null;
  deadline_seconds: number;
  targets: FleetTarget[];
  reason: string | null;
  created_by: string;
  created_at: string;
  ended_at: string | null;
  nodes: number;
  waves: number;
  /** The wave that is under way, or was last; 0 before the first. */
  wave: number;
  rotated: number;
  failed: number;
  skipped: number;
}

export interface FleetStep {
  node_id: string;
  scope: Scope;
  name: string;
  wave: number;
  state: StepState;
  reason: StepReason | null;
  /** Of `offline`: since when. */
  offline_since: string | null;
  /** When it last changed, and the run's how-many-th change that was. */
  changed_at: string;
  seq: number;
}

export class OfFleetRun {
  @IsUUID()
  run: string;
}

export class ShowFleet extends OfFleetRun {
  /** The `next` of the reply before. */
  @IsOptional()
  @IsUUID()
  after?: string;
}

export interface ShowFleetReply extends FleetRun {
  /** In order of waves, then of ids; by pages. */
  steps: FleetStep[];
  next?: string;
}

/** What has changed since: answered at once, at most a page. */
export class WatchFleet extends OfFleetRun {
  @IsInt()
  @Min(0)
  after_seq: number;
}

export interface WatchFleetReply extends FleetRun {
  /** In order of their `seq`; ask again after the last one's. */
  steps: FleetStep[];
  /** Whether there are more than one reply holds: ask at once. */
  more: boolean;
}

export class ListFleets {
  @IsOptional()
  @IsUUID()
  after?: string;
}

export interface ListFleetsReply {
  /** The newest first. */
  runs: FleetRun[];
  next?: string;
}

/** Goes on with a run that has halted, with its next wave: what failed is another run's. */
export class ResumeFleet extends Request {
  @IsUUID()
  run: string;
}

export class AbortFleet extends Request {
  @IsUUID()
  run: string;
}

export class ListEdge {
  @IsOptional()
  @IsFleetTargets()
  targets?: FleetTarget[];

  @IsOptional()
  @IsScope()
  scope?: Scope;

  /** The `next` of the reply before. */
  @IsOptional()
  @IsUUID()
  after?: string;
}

export interface EdgeNode {
  node_id: string;
  scope: Scope;
  name: string;
  tags: string[];
  /** Null: no Node key; its credential does not expire. */
  generation: number | null;
  /** `SHA256:` and base64 of the raw key's SHA-256, without padding. */
  key_fingerprint: string | null;
  token_expires_at: string | null;
  rotate_after: string | null;
  /** Past `rotate_after`. */
  overdue: boolean;
  contested_since: string | null;
  online: boolean;
  last_seen_at: string | null;
}

export interface ListEdgeReply {
  nodes: EdgeNode[];
  next?: string;
}
