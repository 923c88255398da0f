import { IsInt, Min } from '../validator';
import type { Scope } from '../scope';
import { AreAudiences, IsClientId, IsKeyId, IsNonce, IsScope, IsScopeClaim, IsSubject } from './constraints';
import { TimedSigning } from './signer-requests';

/**
 * An access token: the signer adds who issues it, when, until when, and by which key. It names no epoch: a gateway knows none,
 * and that the old key signs nothing more the lease alone sees to.
 */
export class SignJwt extends TimedSigning {
  @IsClientId()
  client_id: string;

  @IsSubject()
  sub: string;

  @AreAudiences()
  aud: string | string[];

  /** Separated by one blank each; empty where none was granted. */
  @IsScopeClaim()
  token_scope: string;

  /** At most what the ring allows. */
  @IsInt()
  @Min(1)
  ttl_seconds: number;

  @IsNonce()
  jti: string;
}

export interface SignJwtReply {
  token: string;
  key_id: string;
  expires_at: string;
}

/** Asked of any signer: until when tokens by that key may live. Once no lease of the key's is left, it is final. */
export class TokenHorizon {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  key_id: string;
}

export interface TokenHorizonReply {
  /** RFC 3339. null: no token was ever signed by it. */
  horizon: string | null;
}
