import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateIf,
} from '../validator';
import type { AlgorithmName } from '../algorithms';
import { MOST_CLIENT_KEYS } from '../names';
import type { Scope } from '../scope';
import { IsAudience, IsClientId, IsClientKeys, IsScope, IsTokenScope } from './constraints';
import { Request } from './request';

/** A public key of a client: what it signs its assertions by (RFC 7523). */
export interface ClientKey {
  key_id: string;
  algorithm: AlgorithmName;
  /** As its algorithm writes it. */
  public_key: string;
}

/** How long the secret before goes on, where nobody says: a day to bring the new one out. */
export const DEFAULT_KEEP_OLD_SECONDS = 86_400;

/** The member by which a client proves who it is is one of two: the hash of a secret that plexctl drew, or public keys. */
export class CreateClient extends Request {
  /** Of an issuer. */
  @IsScope()
  scope: Scope;

  @IsClientId()
  client_id: string;

  /** What its tokens may be for (RFC 6749, section 3.3): where it asks for none in particular, for all of it. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsTokenScope({ each: true })
  token_scopes: string[];

  /** Whom its tokens may be shown to (RFC 8707); the first where it asks for none in particular. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(20)
  @ArrayUnique()
  @IsAudience({ each: true })
  audiences: string[];

  /** How long its tokens live; without it, and at the most, as long as the issuer lets one live. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  ttl_seconds?: number;

  /** SHA-256 of the secret, hex. */
  @ValidateIf(({ secret_hash, keys }: CreateClient) => secret_hash !== undefined || keys === undefined)
  @Matches(/^[0-9a-f]{64}$/)
  secret_hash?: string;

  @ValidateIf(({ keys }: CreateClient) => keys !== undefined)
  @IsClientKeys(MOST_CLIENT_KEYS)
  keys?: ClientKey[];
}

/** A client, and nothing by which one could speak as it. */
export interface ClientView {
  scope: Scope;
  client_id: string;
  token_scopes: string[];
  audiences: string[];
  /** null: as long as the issuer lets a token live. */
  ttl_seconds: number | null;
  /** null where it has a secret. */
  keys: Pick<ClientKey, 'key_id' | 'algorithm'>[] | null;
  /** Those that are valid now, the newest first: two at the most, and none where it has keys. */
  secrets: { created_at: string; expires_at: string | null }[];
  created_at: string;
}

export class OfClient {
  @IsScope()
  scope: Scope;

  @IsClientId()
  client_id: string;
}

export class ListClients {
  @IsScope()
  scope: Scope;

  /** The `next` of the reply before. */
  @ValidateIf((list: ListClients) => list.after !== undefined)
  @IsClientId()
  after?: string;
}

export interface ListClientsReply {
  /** By their ids. */
  clients: ClientView[];
  /** Where there are more. */
  next?: string;
}

export class RotateClientSecret extends Request {
  @IsScope()
  scope: Scope;

  @IsClientId()
  client_id: string;

  /** SHA-256 of the new secret, hex. */
  @Matches(/^[0-9a-f]{64}$/)
  secret_hash: string;

  /** How long the one before goes on; one before that ends at once. Without it DEFAULT_KEEP_OLD_SECONDS. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2_592_000)
  keep_old_seconds?: number;
}

export class DeleteClient extends Request {
  @IsScope()
  scope: Scope;

  @IsClientId()
  client_id: string;
}

export interface DeleteClientReply {
  scope: Scope;
  client_id: string;
  deleted_at: string;
}
