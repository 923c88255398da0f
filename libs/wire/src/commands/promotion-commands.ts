import { IsInt, IsOptional, IsUUID, Max, Min } from '../validator';
import type { Scope } from '../scope';
import { IsKeyId, IsScope, IsWords } from './constraints';

/** A day. What comes later than rotate_by is no deadline. */
export const PROMOTED_WITHIN_S = 86_400;

/** Rotates to the staged key by itself, once so many Nodes have applied it. */
export class PlanRotateWhenApplied {
  @IsScope()
  scope: Scope;

  /** Of the staged key. */
  @IsKeyId()
  new_key_id: string;

  /** Of the enrolled Nodes that were ever seen: one that is off counts against it, one that never came does not. */
  @IsInt()
  @Min(1)
  @Max(100)
  percent: number;

  /** From now; without it a day, or until rotate_by where that is sooner. Past it nothing is switched. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(366 * 86_400)
  deadline_seconds?: number;

  @IsOptional()
  @IsWords()
  reason?: string;
}

export class RotateWhenApplied extends PlanRotateWhenApplied {
  @IsOptional()
  @IsUUID()
  request_id?: string;
}

export interface RotateWhenAppliedReply {
  scope: Scope;
  old_key_id: string;
  new_key_id: string;
  percent: number;
  asked_at: string;
  deadline: string;
  /** Before then it is not rotated to, however many have applied it. */
  propagated_at: string;
  enrolled: number;
  applied: number;
  /** How many have to have applied it, of those that were ever seen so far. */
  needed: number;
  pending_count: number;
}

export interface PlanRotateWhenAppliedReply {
  scope: Scope;
  old_key_id: string | null;
  new_key_id: string;
  percent: number;
  deadline: string | null;
  propagated_at: string | null;
  enrolled: number;
  applied: number;
  needed: number;
  pending_count: number;
  offline_count: number;
  blocked_by: string[];
}
