import { IsBoolean, IsObject, IsOptional, IsString, IsUUID, Matches, MaxLength, ValidateIf } from 'class-validator';
import type { Scope } from '../scope';
import type { RingView } from '../ring-view';
import type { NodesStatus } from './sight-commands';
import { IsEventType, IsKeyId, IsNodeName, IsScope, IsWords } from './constraints';

/** A retry with the same request id gets the same answer; plexctl always sends one. */
export class Request {
  @IsOptional()
  @IsUUID()
  request_id?: string;
}

export class Rotate extends Request {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  new_key_id: string;

  @IsOptional()
  @IsWords()
  reason?: string;
}

/** The transition as it was committed. Times RFC 3339, UTC. */
export interface RotateReply {
  scope: Scope;
  old_key_id: string;
  new_key_id: string;
  opened_at: string;
  closes_at: string;
  epoch: number;
  /** Lease holders that sign and verify by the new ring now, and those whose lease had to run out instead. */
  confirmed: string[];
  lapsed: string[];
  /** Signers that failed to load the new key, or were silent: they sign nothing by it until they have it. */
  unready: string[];
  /** Nodes that the event goes to. */
  nodes: number;
  /** Of the platform alone: the Nodes of all Domains, which are told as well. */
  domain_nodes?: number;
}

export class Close extends Request {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  old_key_id: string;

  @IsKeyId()
  new_key_id: string;

  @IsOptional()
  @IsBoolean()
  force?: boolean;
}

export interface CloseReply {
  scope: Scope;
  old_key_id: string;
  new_key_id: string;
  closes_at: string;
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
  confirmed: string[];
  lapsed: string[];
}

export class OfScope {
  @IsScope()
  scope: Scope;
}

/** RFC 7517. `kid`s of the keys that verify, the active one first. */
export interface JwksReply {
  keys: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; use: 'sig'; alg: 'EdDSA' }[];
}

export type RingReply = RingView;

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

export class CreateDomain extends Request {
  /** Lower-case UUID. */
  @Matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { message: 'id must be a lower-case UUID' })
  id: string;

  @IsKeyId()
  key_id: string;
}

export interface CreateDomainReply {
  scope: Scope;
  key_id: string;
  epoch: number;
}

export class AddNode extends Request {
  @IsScope()
  scope: Scope;

  @IsNodeName()
  name: string;

  /** The public half of the Node's bus key (nkey, `U…`). The private half never leaves who made it. */
  @Matches(/^U[A-Z2-7]{55}$/, { message: 'bus_public_key must be the public key of a bus user' })
  bus_public_key: string;
}

export interface AddNodeReply {
  node_id: string;
  scope: Scope;
  name: string;
  /** The bus credential: a user JWT for `bus_public_key`, valid while the Node is enrolled. */
  bus_jwt: string;
  /** The trust bundle of this moment (compact JWS). */
  bundle: string;
}

/** To every Node of a scope, or to one Node: exactly one of `scope` and `node_id`. */
export class Publish extends Request {
  @ValidateIf((publish: Publish) => publish.node_id === undefined)
  @IsScope()
  scope?: Scope;

  @IsOptional()
  @IsUUID()
  node_id?: string;

  @IsEventType()
  event_type: string;

  /** JSON text, kept as text: number spellings and key order survive. */
  @IsOptional()
  @IsString()
  payload?: string;
}

export interface PublishReply {
  event_id: string;
  nodes: number;
}
