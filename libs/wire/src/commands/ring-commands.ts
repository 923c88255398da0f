import { IsObject, IsString, MaxLength } from 'class-validator';
import type { Scope } from '../scope';
import type { RingView } from '../ring-view';
import { IsScope } from './constraints';

/** RFC 7517. `kid`s of the keys that verify, the active one first. */
export interface JwksReply {
  keys: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; use: 'sig'; alg: 'EdDSA' }[];
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
  @MaxLength(65_535)
  jws: string;
}

export interface VerifyReply {
  valid: boolean;
  key_id?: string;
  payload?: unknown;
}
