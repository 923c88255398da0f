import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from '../validator';
import type { EncodedSignature } from '../jws/signature';
import type { Statement } from '../jws/statement';
import type { ProblemBody } from '../problem';
import type { Scope } from '../scope';
import { IsKeyId, IsPublicKey, IsScope, IsWords } from './constraints';
import { Request } from './request';

/** What a statement may have at the most. */
export const MAX_STATEMENT_LENGTH = 4_096;

const DAY_S = 86_400;
/** For how long a staged key may be rotated to, unless it is said. */
export const ROTATE_WITHIN_S = 7 * DAY_S;

/** What every command answers that changes a ring. Times RFC 3339, UTC. */
export interface RingChangedReply {
  scope: Scope;
  epoch: number;
  /** The key that signs now. */
  active_key_id: string;
  /** Lease holders that sign and verify by the new ring now, and those whose lease had to run out instead. */
  confirmed: string[];
  lapsed: string[];
  /** Signers that failed to load the key that signs now, or were silent: they sign nothing by it until they have it. */
  unready: string[];
  /** Nodes that are told. */
  nodes: number;
  /** Of the platform alone: the Nodes of all Domains, which are told as well. */
  domain_nodes?: number;
}

/** Publishes a key before it signs. */
export class Stage extends Request {
  @IsScope()
  scope: Scope;

  /** Without it a name is made of the date. */
  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  /** Seconds from now until it may be rotated to; without it as long as a standby where it is one, else seven days. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(366 * DAY_S)
  rotate_within_seconds?: number;

  /** Where a key is staged already that one is answered, and nothing changes. */
  @IsOptional()
  @IsBoolean()
  unless_staged?: boolean;

  @IsOptional()
  @IsWords()
  reason?: string;
}

export interface StageReply extends RingChangedReply {
  staged_key_id: string;
  staged_at: string;
  /** From when on it may be rotated to without force, and until when. */
  propagated_at: string;
  rotate_by: string;
  /** Until when a verifier that hears nothing more takes the pair. */
  transition_expires: string;
  /** By `unless_staged`: it had been staged before. */
  already_staged?: true;
}

/** Takes a staged key back; the one that is staged, unless it is named. */
export class Unstage extends Request {
  @IsScope()
  scope: Scope;

  @IsOptional()
  @IsKeyId()
  key_id?: string;

  @IsOptional()
  @IsWords()
  reason?: string;
}

export interface UnstageReply extends RingChangedReply {
  unstaged_key_id: string;
}

/** Throws a key out, at once and for good. */
export class Revoke extends Request {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  key_id: string;

  @IsWords()
  reason: string;

  /** Of the key that takes the place of the active one, where no staged one does; without it a name is made of the date. */
  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  /** The staged key is suspect, too: a new one takes the place. */
  @IsOptional()
  @IsBoolean()
  discard_staged?: boolean;

  /** Of `platform`: as prepared by signing.prepare-statement, by the recovery key. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_STATEMENT_LENGTH)
  statement?: string;
}

export interface RevokeReply extends RingChangedReply {
  revoked_key_id: string;
  /** Whether active_key_id took the place of the one that was revoked. */
  replaced: boolean;
  /** All keys that left the ring by it, the revoked one among them: their private halves are destroyed. */
  gone: string[];
  /** Of an issuer: until when verifiers that keep key sets may not know active_key_id yet; null where all know it. */
  known_by: string | null;
  /** The rotation that was open and ended by it. */
  ended_rotation: { old_key_id: string; new_key_id: string; outcome: 'revoked' } | null;
}

/** Commits to another key ahead: the one before does not open, or is suspect. */
export class Recommit extends Request {
  @IsScope()
  scope: Scope;

  @IsWords()
  reason: string;

  /** Of `platform`: as prepared by signing.prepare-statement, by the recovery key. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_STATEMENT_LENGTH)
  statement?: string;
}

export interface RecommitReply extends RingChangedReply {
  /** The hash of the key made ahead that the ring commits to now. */
  next: string;
}

/** Another recovery key in place of the present one, by a statement of both. */
export class RecoveryRotate extends Request {
  @IsWords()
  reason: string;

  @IsString()
  @MaxLength(MAX_STATEMENT_LENGTH)
  statement: string;
}

export interface RecoveryRotateReply extends RingChangedReply {
  recovery_key_id: string;
  recovery_public_key: string;
}

/**
 * The first of two steps for a change of the platform's ring that the recovery key vouches for, which stays on the
 * operator's machine. Rotation answers what the statement has to say, and a signature of possession where a signer made a
 * key for it; nothing has changed then. Whoever has the recovery key builds the statement from what they typed, compares
 * it with this one, checks the possession, signs as the authority (statementSignature), joins the two (joinStatement) and
 * sends it as `statement` of signing.revoke, signing.rollback, signing.recommit or recovery.rotate. That is taken within
 * 30 seconds of opened_at.
 */
export class PrepareSuperior {
  @IsScope()
  scope: Scope;

  @IsIn(['revoke', 'rollback', 'recommit', 'recovery'])
  type: 'revoke' | 'rollback' | 'recommit' | 'recovery';

  /** Of a revoke: the key to throw out; new_key_id and discard_staged as there. */
  @IsOptional()
  @IsKeyId()
  key_id?: string;

  /** Of a revoke's replacement, or of the new recovery key. */
  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  /** Of a recovery: the new recovery key's. */
  @IsOptional()
  @IsPublicKey()
  new_public_key?: string;

  @IsOptional()
  @IsBoolean()
  discard_staged?: boolean;
}

export interface PrepareSuperiorReply {
  /** What is to be signed. `opened_at` is the database's clock. */
  statement: Statement;
  /** By the key that a signer made; null where none comes in, or where it is the recovery key. */
  possession: EncodedSignature | null;
  /** Whose private half has to vouch for it. */
  recovery_key_id: string;
  recovery_public_key: string;
}

const PLANNED = ['stage', 'unstage', 'rollback', 'revoke', 'recommit'] as const;

/** What a command of that name would do: members as there. Nothing is made for it, so a name of a key may be left out. */
export class PlanChange {
  @IsScope()
  scope: Scope;

  @IsIn(PLANNED)
  change: (typeof PLANNED)[number];

  @IsOptional()
  @IsKeyId()
  key_id?: string;

  @IsOptional()
  @IsKeyId()
  new_key_id?: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(366 * DAY_S)
  rotate_within_seconds?: number;

  @IsOptional()
  @IsBoolean()
  discard_staged?: boolean;
}

export interface PlanChangeReply {
  scope: Scope;
  change: PlanChange['change'];
  /** The key that signs now, and the one that would; null where it would be refused. */
  active_key_id: string | null;
  signs_afterwards: string | null;
  /** Whether that one would be a new key. */
  makes_key: boolean;
  /** Keys that would leave the ring at once: nothing that they signed verifies any more. */
  gone: string[];
  /** Until when a key beside the one that signs would verify; null where there would be none. */
  transition_expires: string | null;
  /** Whether an open rotation would end by it. */
  ends_rotation: boolean;
  /** Whether the recovery key has to vouch for it. */
  needs_recovery_key: boolean;
  /** Nodes that would be told, and how many of them are pending or offline: those go on by what they have. */
  nodes: number;
  pending_count: number;
  offline_count: number;
  /** Of the platform alone: the Nodes of all Domains, which would be told as well. */
  domain_nodes?: { nodes: number; pending_count: number; offline_count: number };
  /** Signers that would have to try the key that signs then. */
  signers: string[];
  /** Of a revoke that makes another key sign: by when at the latest a signer does, were it done now. */
  signs_again_by: string | null;
  /** The same of an issuer: until when verifiers that keep key sets may not know that key yet; null where all would. */
  known_by: string | null;
  /**
   * Of a revoke: by when a Node that hears nothing trusts none of `gone` any more. null: a Node that is away may trust one
   * of them until it is back.
   */
  dropped_by: string | null;
  /** Of a channel's ring: who receives and has not proven the key that would sign, by name. */
  without_proof?: string[];
  /** When a revoke of this key was done: the command answers as it did then, and changes nothing. */
  done_at: string | null;
  /** Stable details (problem.ts) of what would refuse it; empty where nothing would. */
  blocked_by: string[];
  /** What the ring as it is refuses it with, whole, as the command itself would answer. */
  refused: ProblemBody | null;
}
