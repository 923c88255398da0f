import { IsObject, IsString, MaxLength } from 'class-validator';
import type { Scope } from '../scope';
import type { RingView } from '../ring-view';
import { MAX_JWS_LENGTH } from '../jws/compact';
import { IsScope } from './constraints';

/** RFC 7517. `kid`s of the keys that verify, the active one first. */
export interface JwksReply {
  keys: (Record<string, string> & { kid: string; use: 'sig'; alg: string })[];
}

export type RingReply = RingView;

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
