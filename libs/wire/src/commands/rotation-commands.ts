import { IsBoolean, IsInt, IsOptional, IsString, IsUUID, Max, MaxLength, Min } from '../validator';
import { MAX_STATEMENT_LENGTH, type RingChangedReply } from './key-commands';
import type { Scope } from '../scope';
import { IsKeyId, IsScope, IsWords } from './constraints';
import type { RotationView } from '../ring-view';
import { Request } from './request';
import type { ChannelStatus, NodesStatus } from './status-command';

export class Rotate extends Request {
  @IsScope()
  scope: Scope;

  /** Of a new key, or of the one that is staged; without it the one that is staged. */
  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  @IsOptional()
  @IsWords()
  reason?: string;

  /** Has a staged key sign though it was not published for long enough: an admin's. */
  @IsOptional()
  @IsBoolean()
  force?: boolean;
}

/** Lease holders that sign and verify by the new ring now, and those whose lease had to run out instead. */
export interface Switched {
  confirmed: string[];
  lapsed: string[];
}

/** The transition as it was committed. */
export interface RotateReply extends RotationView, Switched {
  scope: Scope;
  epoch: number;
  /** Signers that failed to load the new key, or were silent: they sign nothing by it until they have it. */
  unready: string[];
  /** Nodes that the event goes to. */
  nodes: number;
  /** Of the platform alone: the Nodes of all Domains, which are told as well. */
  domain_nodes?: number;
  /** Of a channel's ring: nobody signs by the new key before those who are waited for, by name, have proven it. */
  phase?: 'staged';
  waiting_for?: string[];
}

export class Close extends Request {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  old_key_id: string;

  /** Without it as the open rotation has it: an old key is that of one rotation alone. */
  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  @IsOptional()
  @IsBoolean()
  force?: boolean;
}

export interface CloseReply extends Omit<RotationView, 'opened_at'>, Switched {
  scope: Scope;
  closed_at: string;
  epoch: number;
  /** Seconds between the close and closes_at; 0 when it came after. */
  early_by_seconds: number;
  /** Names of Nodes that hold the old key and have not applied the new one; never empty only after closes_at or by force. */
  lagging: string[];
  /** Names of Nodes that have never said hello: they come in like any Node that slept. */
  pending: string[];
  /** Of the platform alone: how far the Nodes of all Domains have come, without names. Those that lag did not block. */
  domain_nodes?: NodesStatus;
  /** Of an issuer, by force: until when tokens by the old key would have lived, which nobody verifies any more. */
  outstanding_until?: string;
}

/** Undoes the open rotation; naming its keys makes sure that it is the one that was looked at. */
export class Rollback extends Request {
  @IsScope()
  scope: Scope;

  @IsOptional()
  @IsKeyId()
  old_key_id?: string;

  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  @IsOptional()
  @IsWords()
  reason?: string;

  /** Of `platform`, where its key cannot sign: as prepared by signing.prepare-statement, by the recovery key. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_STATEMENT_LENGTH)
  statement?: string;
}

/** Keys as the transition that was rolled back names them: the old one signs again. */
export interface RollbackReply extends RingChangedReply {
  old_key_id: string;
  new_key_id: string;
  outcome: 'rolled_back';
  /**
   * Until when the key that was rolled back verifies what it signed; where verifiers hold a pair, nothing else comes in
   * before. Of an issuer at the latest: how long its tokens live is known when the switch is done.
   */
  settles_at: string;
  /** Of a channel's ring: who may sign by the key that was rolled back for now, by name. Once nobody does it settles, sooner. */
  waiting_for?: string[];
}

export class PlanRotate {
  @IsScope()
  scope: Scope;

  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  @IsOptional()
  @IsBoolean()
  force?: boolean;
}

export interface PlanRotateReply {
  scope: Scope;
  old_key_id: string | null;
  /** null where none is named, and none is staged. */
  new_key_id: string | null;
  /** Where it is staged already: from when on it may sign without force. */
  propagated_at?: string;
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
  /** Of a channel's ring: who would have to prove the new key before it signs, by name. */
  waiting_for?: string[];
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
  /**
   * When it could be closed without force: now where nothing blocks, closes_at where Nodes lag, when the last token by the
   * old key is over; null where nothing is open, or the switch is under way.
   */
  earliest_close_at: string | null;
  /** From when on no verifier can still need the old key; null where nothing is open or the switch is under way. */
  safe_close_at: string | null;
  nodes: NodesStatus;
  /** Of the platform alone. They do not block: a chain brings back those that lag. */
  domain_nodes?: NodesStatus;
  /** Of a channel's ring: how far the latest rotation is, and how many sign and verify. */
  channel?: Pick<ChannelStatus, 'phase' | 'senders' | 'receivers'>;
  /** Of a channel's ring: whom the close waits for, by name. */
  waiting_for?: string[];
  blocked_by: string[];
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

export interface TransitionSummary extends RotationView {
  id: string;
  scope: Scope;
  outcome: 'open' | 'closed' | 'rolled_back' | 'revoked';
  /** Of a channel's ring: since when the new key signed; null where it never did. */
  activated_at?: string | null;
  ended_at: string | null;
  reason: string | null;
  /** Names of operators. */
  opened_by: string;
  ended_by: string | null;
  /** Why it was rolled back, or a key of it revoked. */
  end_reason: string | null;
  /** Commands of its life that an admin insisted on against what refuses them otherwise. */
  forced: string[];
}

/** Newest first. */
export interface HistoryReply {
  transitions: TransitionSummary[];
  /** Rotations that were asked for once enough Nodes had applied the key, and that never were: nothing was switched. */
  dropped: DroppedPromotion[];
}

export interface DroppedPromotion {
  key_id: string;
  percent: number;
  asked_at: string;
  asked_by: string;
  deadline: string;
  dropped_at: string;
  /** Why. */
  reason: string;
}

export class Show {
  @IsUUID()
  id: string;
}

export interface ShowReply extends TransitionSummary {
  switched_at: string | null;
  end_switched_at: string | null;
  /** When the private halves were destroyed: by a close the old one's, after a rollback the new one's. */
  old_key_destroyed_at: string | null;
  new_key_destroyed_at: string | null;
  audit: { happened_at: string; actor: string; action: string; detail: unknown }[];
}
