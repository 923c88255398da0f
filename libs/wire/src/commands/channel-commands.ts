import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsOptional, IsUUID, Matches, ValidateIf } from '../validator';
import type { Scope } from '../scope';
import { IsBusPublicKey, IsNodeName, IsSealingKey, IsSide, IsSlug } from './constraints';
import { Request } from './request';

/** Makes both rings of a channel, each with its first key. Nobody holds it before the first members come. */
export class CreateChannel extends Request {
  @IsSlug()
  slug: string;

  /** Its two ends; each signs in the ring towards the other. */
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsSide({ each: true })
  sides: string[];
}

/** A ring of a channel as it was made, or changed. */
export interface ChannelRing {
  scope: Scope;
  epoch: number;
  active_key_id: string;
}

export interface CreateChannelReply {
  slug: string;
  sides: string[];
  /** In the order of their names. */
  rings: ChannelRing[];
}

export class OfChannel {
  @IsSlug()
  slug: string;
}

/** A Node of `platform` that holds a side's secrets of both directions. plexctl makes its pairs: public halves travel. */
export class AddMember extends Request {
  @IsSlug()
  slug: string;

  @IsSide()
  side: string;

  @IsNodeName()
  name: string;

  /** Of a member on the bus (nkey, `U…`); of one over HTTP the next one stands instead. */
  @ValidateIf((member: AddMember) => member.bearer_hash === undefined || member.bus_public_key !== undefined)
  @IsBusPublicKey()
  bus_public_key?: string;

  /** SHA-256 of the bearer that a member over HTTP calls gateways with, hex. */
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/)
  bearer_hash?: string;

  /** X25519, standard base64 of 32 bytes: what secrets are sealed to. */
  @IsSealingKey()
  sealing_public_key: string;

  /** It writes what it holds for somebody else, who reads it later. */
  @IsOptional()
  @IsBoolean()
  sink?: boolean;
}

export interface AddMemberReply {
  node_id: string;
  name: string;
  slug: string;
  side: string;
  sink: boolean;
  rings: ChannelRing[];
  /** The bus credential: a user JWT for `bus_public_key`; null of a member over HTTP. */
  bus_jwt: string | null;
  /** The trust bundle of this moment (compact JWS). */
  bundle: string;
}

/** By id, or by name. */
export class RemoveMember extends Request {
  @IsSlug()
  slug: string;

  // Not IsOptional, which lets null pass.
  @ValidateIf((member: RemoveMember) => member.node_id !== undefined)
  @IsUUID()
  node_id?: string;

  @ValidateIf((member: RemoveMember) => member.node_id === undefined || member.name !== undefined)
  @IsNodeName()
  name?: string;
}

export interface RemoveMemberReply {
  node_id: string;
  name: string;
  slug: string;
  side: string;
  removed_at: string;
  rings: ChannelRing[];
  /** Secrets that it still knows, by ring: they verify until they are rotated out. */
  known: { scope: Scope; key_ids: string[] }[];
  /** Whether the bus has the revocation of its credential. */
  pushed: boolean;
}

export type ChannelPhase = 'staged' | 'active' | 'closed' | 'rolled_back' | 'revoked';

export interface ChannelSummary {
  slug: string;
  sides: string[];
  /** Members of each side, in the order of `sides`. */
  members: number[];
  rings: (ChannelRing & {
    /** Of its latest rotation; null before the first. */
    phase: ChannelPhase | null;
  })[];
  created_at: string;
}

export interface ListChannelsReply {
  channels: ChannelSummary[];
}

/** What a member last said of one ring. */
export interface MemberOfRing {
  node_id: string;
  name: string;
  side: string;
  /** Whether it signs by the ring, or verifies. */
  role: 'sender' | 'receiver';
  sink: boolean;
  /** Of the ring as it holds it; null before its first report. */
  epoch: number | null;
  /** Key ids that it has proven and still holds, newest first. */
  proven: string[];
  reported_at: string | null;
  /** `unknown`: a sink cannot say. null: never. */
  last_signed: KeyUse | 'unknown' | null;
  last_verified: KeyUse | 'unknown' | null;
  /** Of the last hour, by reason. */
  refusals: Record<string, number>;
  /** Of a sink that took over what it found: key ids there that are not ours. */
  taken_over: string[];
}

export interface KeyUse {
  key_id: string;
  at: string;
}

export interface ChannelRingView extends ChannelRing {
  phase: ChannelPhase | null;
  old_key_id: string | null;
  new_key_id: string | null;
  opened_at: string | null;
  activated_at: string | null;
  closes_at: string | null;
  /** From when on no sender signs by the old key; null where nothing is open, or one has not switched. */
  safe_close_at: string | null;
  /** Whom the next step waits for, by name. */
  waiting_for: string[];
  /** From when on a staged key signs, since all have proven it: before that who reads a sink's target does so anew; null else. */
  signs_from: string | null;
  /** Whether it waits for longer than `activate_within`. */
  overdue: boolean;
  members: MemberOfRing[];
}

export interface ShowChannelReply {
  slug: string;
  sides: string[];
  created_at: string;
  /** The database's now. */
  now: string;
  rings: ChannelRingView[];
}
