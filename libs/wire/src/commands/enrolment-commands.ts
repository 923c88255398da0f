import { IsInt, IsOptional, IsUUID, Matches, Max, Min, ValidateIf } from '../validator';
import type { Scope } from '../scope';
import { IsScope } from './constraints';
import { Request } from './request';

/** Long enough to carry it to a machine and start a daemon there. */
export const DEFAULT_ENROL_TOKEN_SECONDS = 3_600;

/** plexctl draws the token: a hash of it is all that travels. */
export class EnrollToken extends Request {
  /** Of the Node that comes with it. */
  @IsScope()
  scope: Scope;

  /** SHA-256 of the token, hex. */
  @Matches(/^[0-9a-f]{64}$/)
  token_hash: string;

  /** From now; without it DEFAULT_ENROL_TOKEN_SECONDS. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_592_000)
  ttl_seconds?: number;
}

export interface EnrollTokenReply {
  id: string;
  scope: Scope;
  expires_at: string;
}

/** Those that are over go a day after their time. */
export class ListEnrollTokens {
  @IsOptional()
  @IsScope()
  scope?: Scope;

  /** The `next` of the reply before. */
  @ValidateIf((list: ListEnrollTokens) => list.after !== undefined)
  @IsUUID()
  after?: string;
}

export interface EnrollTokenSummary extends EnrollTokenReply {
  state: 'valid' | 'used' | 'expired' | 'revoked';
  created_at: string;
  /** The operator. */
  created_by: string;
  /** By which Node; null where it was not. */
  used_at: string | null;
  node_id: string | null;
}

export interface ListEnrollTokensReply {
  /** In the order of their ends. */
  tokens: EnrollTokenSummary[];
  /** Where there are more. */
  next?: string;
}

export class RevokeEnrollToken extends Request {
  @IsUUID()
  id: string;

  /** Has to be its own. */
  @IsOptional()
  @IsScope()
  scope?: Scope;
}

export interface RevokeEnrollTokenReply {
  id: string;
  scope: Scope;
  revoked_at: string;
  /** The Node that has registered with it, and stays; null where none has. */
  node_id: string | null;
}

/** Of one Node, or of every Node of a scope that has a WireGuard key. */
export class RotateKeys extends Request {
  // Not IsOptional, which lets null pass: a request that names nothing would be taken for one of every Node.
  @ValidateIf((keys: RotateKeys) => keys.node_id !== undefined)
  @IsUUID()
  node_id?: string;

  @ValidateIf((keys: RotateKeys) => keys.node_id === undefined || keys.scope !== undefined)
  @IsScope()
  scope?: Scope;
}

export interface RotateKeysReply {
  /** How many were asked for a new key by this; those that had been already are not among them. */
  nodes: number;
  /** By when the last of them hears of it: one after the other, since each tells all its peers. null where there is none. */
  asked_until: string | null;
}
