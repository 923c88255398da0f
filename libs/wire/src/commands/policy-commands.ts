import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
} from '../validator';
import { ALGORITHMS, type AlgorithmName } from '../algorithms';
import type { RotateEveryText } from '../rotate-every';
import { SCOPE_KINDS, type Scope, type ScopeKind } from '../scope';
import { IsRotateEvery, IsScope } from './constraints';

/** What is decided for a ring. Spans in seconds. */
export interface PolicyView {
  /** Of the keys that are made from now on. */
  algorithm: AlgorithmName;
  overlap_window_seconds: number;
  /** How long a key must have been staged before it may sign without force. */
  propagation_delay_seconds: number;
  rotate_every: RotateEveryText;
  close: 'manual' | 'automatic';
  /** Percent of the enrolled Nodes that must have applied a key which the schedule staged before it signs. */
  share_required: number;
  key_id_pattern: string;
  /** Whether one key is kept staged. */
  standby: boolean;
  /** How long a token may live that a key of the ring signs. */
  longest_token_seconds: number;
}

export type PolicyMember = keyof PolicyView;

/** In the order in which they are shown. */
const POLICY_MEMBERS = [
  'algorithm',
  'overlap_window_seconds',
  'propagation_delay_seconds',
  'rotate_every',
  'close',
  'share_required',
  'key_id_pattern',
  'standby',
  'longest_token_seconds',
] as const satisfies readonly PolicyMember[];

const CLOSINGS = ['manual', 'automatic'] as const;
export const KINDS = Object.keys(SCOPE_KINDS) as ScopeKind[];
const YEAR_S = 366 * 86_400;

/** Of one kind of scope, or of one scope: either. */
export class OfPolicy {
  @IsOptional()
  @IsIn(KINDS)
  kind?: ScopeKind;

  @IsOptional()
  @IsScope()
  scope?: Scope;
}

/** Whence a member of a policy came. */
export type PolicySource = 'scope' | 'kind' | 'setting';

export interface PolicyReply {
  /** One of them, as it was asked for. */
  kind: ScopeKind | null;
  scope: Scope | null;
  policy: PolicyView;
  from: Record<PolicyMember, PolicySource>;
  /** Counts the decisions for the kind; 0 where there is none. */
  kind_version: number;
  /** Of a scope: whether it goes by another version of its kind's policy, since that could not be applied to it so far. */
  lacking: LackingRing | null;
  /** Of a kind: its rings, those that do not go by it so far, and the first of those by name. */
  rings: number;
  lacking_count: number;
  lacking_rings: LackingRing[];
}

export interface LackingRing {
  scope: Scope;
  /** The version of its kind's policy that it goes by. */
  kind_version: number;
  /** What forbids it there; null where its turn has not come. */
  reason: string | null;
}

/** Members that are not named stay as they are. */
export class PlanPolicy {
  @IsOptional()
  @IsIn(KINDS)
  kind?: ScopeKind;

  @IsOptional()
  @IsScope()
  scope?: Scope;

  @IsOptional()
  @IsIn(Object.keys(ALGORITHMS))
  algorithm?: AlgorithmName;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(YEAR_S)
  overlap_window_seconds?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(YEAR_S)
  propagation_delay_seconds?: number;

  @IsOptional()
  @IsRotateEvery()
  rotate_every?: RotateEveryText;

  @IsOptional()
  @IsIn(CLOSINGS)
  close?: (typeof CLOSINGS)[number];

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  share_required?: number;

  @IsOptional()
  @IsString()
  @MaxLength(128)
  key_id_pattern?: string;

  @IsOptional()
  @IsBoolean()
  standby?: boolean;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(YEAR_S)
  longest_token_seconds?: number;

  /** What is decided here no longer: a scope's members come from its kind again, a kind's from the settings. */
  @IsOptional()
  @IsArray()
  @ArrayUnique()
  @IsIn(POLICY_MEMBERS, { each: true })
  inherit?: PolicyMember[];
}

export interface PlanPolicyReply {
  kind: ScopeKind | null;
  scope: Scope | null;
  before: PolicyView;
  after: PolicyView;
  /** Rings that it would be applied to, and those whose own decisions forbid it; at most 50 are named. */
  rings: number;
  lacking_count: number;
  lacking_rings: LackingRing[];
  /** Stable details of what would refuse it; empty where nothing would. */
  blocked_by: string[];
  /** The member that is refused and why, with the sum; null where nothing is. */
  refused: { field: PolicyMember; reason: string } | null;
}

export class SetPolicy extends PlanPolicy {
  @IsOptional()
  @IsUUID()
  request_id?: string;
}
