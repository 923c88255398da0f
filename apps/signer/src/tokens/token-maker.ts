import { Injectable } from '@nestjs/common';
import { DatabaseClock, type TakenRing } from '@plexsphere/lease-holder';
import { problem } from '@plexsphere/wire';
import type { SignJwt, SignJwtReply } from '@plexsphere/wire/commands';
import { JwsError, signAccessToken, type AccessToken } from '@plexsphere/wire/jws';
import { activeKey, signingKey, stated, type PrivateKeys } from '../sign/signing-ring';
import { TokenHorizons } from './token-horizons';

/** Access tokens: who asks says for whom and for what, the ring says by whom and how long at the most. */
@Injectable()
export class TokenMaker {
  constructor(
    private readonly horizons: TokenHorizons,
    private readonly clock: DatabaseClock,
  ) {}

  /** @throws Problem invariantViolation, field `scope` of no issuer, `ttl_seconds`, `token_scope`; keyUnavailable */
  async make(request: SignJwt, ring: TakenRing<PrivateKeys>): Promise<SignJwtReply> {
    const { scope, ttl_seconds } = request;
    const key = signingKey(ring, activeKey(ring.view), 'token');
    const { url, longest_token_seconds } = stated(ring.view.issuer);
    if (ttl_seconds > longest_token_seconds) {
      throw problem('invariantViolation', { field: 'ttl_seconds', longest_token_seconds });
    }
    const iat = Math.floor(this.clock.now().getTime() / 1_000);
    const token = tokenOf(request, { iss: url, iat, exp: iat + ttl_seconds });
    const expiresAt = new Date(token.exp * 1_000);
    await this.horizons.reach({ scope, keyId: key.keyId }, key.privateKey, expiresAt, longest_token_seconds * 1_000);
    const text = await orTooLong(signAccessToken(token, key));
    return { token: text, key_id: key.keyId, expires_at: expiresAt.toISOString() };
  }
}

const tokenOf = (
  { sub, aud, client_id, jti, token_scope }: SignJwt,
  made: Pick<AccessToken, 'iss' | 'iat' | 'exp'>,
): AccessToken => ({ ...made, sub, aud, client_id, jti, ...(token_scope !== '' && { scope: token_scope }) });

/** Each member is right by itself: what is left to be wrong is that they are too long together, which a scope alone can be. */
const orTooLong = (making: Promise<string>): Promise<string> =>
  making.catch((error: unknown) => {
    throw error instanceof JwsError ? problem('invariantViolation', { field: 'token_scope' }) : error;
  });
