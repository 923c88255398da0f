import { ArrayNotEmpty, IsArray, IsIn, IsInt, IsOptional, IsUUID, Matches, Max, Min } from '../validator';
import type { Scope } from '../scope';
import { IsBusPublicKey, IsGrantedScope, IsNodeName } from './constraints';
import { Request } from './request';
import { ROLES, type Role } from './table';

/** 90 days. */
export const DEFAULT_TOKEN_SECONDS = 90 * 24 * 3_600;

/** plexctl makes the key pair and the bearer token itself: the public half and a hash are all that travels. */
export class CreateToken extends Request {
  @IsNodeName()
  name: string;

  @IsIn(ROLES)
  role: Role;

  /** Without it: every scope. `channel:<slug>` is both directions of that channel. */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsGrantedScope({ each: true })
  scopes?: Scope[];

  /** From now; without it DEFAULT_TOKEN_SECONDS. Every token ends, so that its revocation does, too. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(315_360_000)
  expires_in_seconds?: number;

  @IsBusPublicKey()
  bus_public_key: string;

  /** SHA-256 of the bearer token, hex. */
  @Matches(/^[0-9a-f]{64}$/)
  bearer_hash: string;
}

interface Token {
  id: string;
  name: string;
  role: Role;
  scopes: Scope[] | null;
  expires_at: string;
}

export interface CreateTokenReply extends Token {
  bus_jwt: string;
}

export interface TokenSummary extends Token {
  state: 'valid' | 'expired' | 'revoked';
  created_at: string;
  /** To the minute. */
  last_used_at: string | null;
}

export interface ListTokensReply {
  tokens: TokenSummary[];
}

export class RevokeToken extends Request {
  @IsUUID()
  id: string;
}

export interface RevokeTokenReply {
  id: string;
  name: string;
  revoked_at: string;
  /** Whether the bus has the revocation. Not yet where it is the caller's own token: they hear so before they are cut. */
  pushed: boolean;
}
