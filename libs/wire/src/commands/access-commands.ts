import {
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import type { Scope } from '../scope';
import { IsNodeName, IsScope } from './constraints';
import { Request } from './operator-commands';
import { NodeReference } from './sight-commands';

/** Who may come in, and who no longer. */

export class RemoveNode extends NodeReference {
  @IsOptional()
  @IsUUID()
  request_id?: string;
}

/** Its connection is ended, its credential revoked; it gets nothing more and blocks nothing. */
export interface RemoveNodeReply {
  node_id: string;
  scope: Scope;
  name: string;
  removed_at: string;
  /** Whether the bus has the revocation; where not, it gets it as soon as it and a signer are there. */
  pushed: boolean;
}

/** 90 days. */
export const DEFAULT_TOKEN_SECONDS = 90 * 24 * 3_600;

/** plexctl makes the key pair and the bearer token itself: the public half and a hash are all that travels. */
export class CreateToken extends Request {
  @IsNodeName()
  name: string;

  @IsIn(['viewer', 'operator', 'admin'])
  role: 'viewer' | 'operator' | 'admin';

  /** Without it: every scope. */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsScope({ each: true })
  scopes?: Scope[];

  /** From now; without it DEFAULT_TOKEN_SECONDS. Every token ends, so that its revocation does, too. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(315_360_000)
  expires_in_seconds?: number;

  @Matches(/^U[A-Z2-7]{55}$/, { message: 'bus_public_key must be the public key of a bus user' })
  bus_public_key: string;

  /** SHA-256 of the bearer token, hex. */
  @IsString()
  @MaxLength(64)
  @Matches(/^[0-9a-f]{64}$/)
  bearer_hash: string;
}

export interface CreateTokenReply {
  id: string;
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  scopes: Scope[] | null;
  expires_at: string;
  bus_jwt: string;
}

export interface TokenSummary {
  id: string;
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  scopes: Scope[] | null;
  state: 'valid' | 'expired' | 'revoked';
  created_at: string;
  expires_at: string;
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

/** For commands that take nothing. */
export class Nothing {}
