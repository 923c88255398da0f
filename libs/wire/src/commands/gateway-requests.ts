/** What a gateway asks of rotation on behalf of a Node over HTTP. No secret is in it: the gateway drew it, and says its hash. */
import { IsIn, IsOptional, IsUUID, Matches } from '../validator';
import type { Scope } from '../scope';
import { IsHostname, IsWireguardKey } from './constraints';

/** A repetition with the same request id gets the same answer. */
class OnBehalf {
  @IsUUID()
  request_id: string;
}

/** How Nodes over HTTP listen: our SDK, or a daemon that takes what it is told and acknowledges nothing. */
export const HTTP_LISTENERS = ['go', 'sdk'] as const;

export class RegisterNode extends OnBehalf {
  /** SHA-256 of the enrolment token, hex. */
  @Matches(/^[0-9a-f]{64}$/)
  token_hash: string;

  /** SHA-256 of the bearer that the Node calls with from then on, hex. */
  @Matches(/^[0-9a-f]{64}$/)
  bearer_hash: string;

  @IsWireguardKey()
  wireguard_key: string;

  @IsHostname()
  hostname: string;

  @IsOptional()
  @IsIn(HTTP_LISTENERS)
  listens?: (typeof HTTP_LISTENERS)[number];
}

export interface RegisterNodeReply {
  node_id: string;
  scope: Scope;
  /** The hostname, or one made of it where that is taken. */
  name: string;
  mesh_ip: string;
  /** The key that the Node verifies by first: standard base64 of the raw 32 bytes. */
  signing_public_key: string;
  /** The trust bundle of this moment (compact JWS), for the SDK. */
  bundle?: string;
}

/** On the Node's own subject. */
export class PostKey extends OnBehalf {
  @IsWireguardKey()
  new_public_key: string;
}

/** On the Node's own subject. */
export class Deregister extends OnBehalf {}
