import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { Problem, SIGNING_DURATION_MS, problem, subjects, type Scope } from '@plexsphere/wire';
import type { SignJwt, SignJwtReply } from '@plexsphere/wire/commands';
import type { GrantedToken } from './granted-token';
import { OAuthError } from './oauth-error';

export interface SignedToken {
  text: string;
  lifeSeconds: number;
  /** @throws Problem noAnswer, once it is too late to send it */
  requireInTime(): void;
}

/** Has signers make what was granted. */
@Injectable()
export class TokenSigners {
  constructor(private readonly bus: Bus) {}

  /** @throws Problem noSigner, noLease, noAnswer; OAuthError invalid_scope, invalid_target, for what makes no token */
  async sign(scope: Scope, clientId: string, granted: GrantedToken): Promise<SignedToken> {
    try {
      return await this.ask(scope, clientId, granted);
    } catch (error) {
      const longest = longestLife(error);
      // The issuer's ceiling came down between our look and the signer's.
      if (longest !== undefined) return this.ask(scope, clientId, { ...granted, lifeSeconds: longest });
      throw refusedAs(error);
    }
  }

  private async ask(scope: Scope, clientId: string, granted: GrantedToken): Promise<SignedToken> {
    const { audience: aud, tokenScopes, lifeSeconds } = granted;
    const request: Omit<SignJwt, 'duration_ms'> = {
      ...{ scope, client_id: clientId, sub: clientId, aud },
      ...{ token_scope: tokenScopes.join(' '), ttl_seconds: lifeSeconds, jti: randomUUID() },
    };
    const lateAtMs = performance.now() + SIGNING_DURATION_MS;
    const subject = subjects.scopeSigner(scope, 'sign-jwt');
    const { token } = await this.bus.askSigner<SignJwtReply>(subject, request, SIGNING_DURATION_MS, isToken);
    return { text: token, lifeSeconds, requireInTime: () => requireBefore(lateAtMs) };
  }
}

const isToken = ({ token }: Partial<SignJwtReply>): boolean => typeof token === 'string';

/**
 * What was signed by a key that signs no more may be told for so long after its switch, since whoever switches waits for it.
 * A process may stand still at any moment: so it is asked last of all, right before the answer goes.
 */
function requireBefore(lateAtMs: number): void {
  if (performance.now() >= lateAtMs) throw problem('noAnswer');
}

const longestLife = (error: unknown): number | undefined => {
  const longest = error instanceof Problem && error.body.field === 'ttl_seconds' && error.body['longest_token_seconds'];
  return typeof longest === 'number' ? longest : undefined;
};

/** Each is right by itself, and was let in as the client's own: too many of them make no token. */
function refusedAs(error: unknown): unknown {
  const field = error instanceof Problem && error.is('invariantViolation') ? error.body.field : undefined;
  if (field === 'token_scope') return new OAuthError('invalid_scope', 'so many scopes make no token: ask for fewer');
  if (field === 'aud') return new OAuthError('invalid_target', 'this audience makes no token');
  return error;
}
