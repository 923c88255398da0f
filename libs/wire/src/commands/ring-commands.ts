import { IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min } from '../validator';
import type { Scope } from '../scope';
import { CHAIN_STATEMENTS } from '../messages';
import type { RingView } from '../ring-view';
import { MAX_JWS_LENGTH } from '../jws/compact';
import { IsScope } from './constraints';

/** RFC 7517. `kid`s of the keys that verify, the active one first. */
export interface JwksReply {
  keys: (Record<string, string> & { kid: string; use: 'sig'; alg: string })[];
}

export type RingReply = RingView;

/** The statements of one ring. Those of a Domain are vouched for by the platform's, which is asked for by its own scope. */
export class ListStatements {
  @IsScope()
  scope: Scope;

  /** Those of later epochs alone; 0 or without it from the ring's first. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after_epoch?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(CHAIN_STATEMENTS)
  limit?: number;
}

export interface ListStatementsReply {
  scope: Scope;
  /** Oldest first, as they are signed. Fewer than asked for where more would not go into one reply. */
  statements: string[];
  /** Where there are more: ask again with it as `after_epoch`. */
  next?: number;
}

export interface ListReply {
  rings: { scope: Scope; epoch: number; active_key_id: string; open: boolean; nodes: number }[];
}

/** A person's own payload, signed as typ `plexsphere-data+jws`. */
export class Sign {
  @IsScope()
  scope: Scope;

  @IsObject()
  payload: Record<string, unknown>;
}

export interface SignReply {
  jws: string;
  key_id: string;
  epoch: number;
}

export class Verify {
  @IsScope()
  scope: Scope;

  @IsString()
  @MaxLength(MAX_JWS_LENGTH)
  jws: string;
}

export interface VerifyReply {
  valid: boolean;
  key_id?: string;
  payload?: unknown;
}
