import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LeaseGuard } from '@plexsphere/lease-holder';
import { BusServer } from '@plexsphere/service-kit';
import { Problem, subjects } from '@plexsphere/wire';
import { SignJwt, TokenHorizon, type SignJwtReply, type TokenHorizonReply } from '@plexsphere/wire/commands';
import type { PrivateKeys } from '../sign/signing-ring';
import { TokenHorizons } from './token-horizons';
import { TokenMaker } from './token-maker';

/**
 * Access tokens are signed under the lease of their issuer, beside Nest's chain as envelopes are; until when a key's live,
 * any signer can read.
 */
@Injectable()
export class TokenVerbs implements OnModuleInit {
  constructor(
    private readonly server: BusServer,
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly tokens: TokenMaker,
    private readonly horizons: TokenHorizons,
  ) {}

  onModuleInit(): void {
    const { server } = this;
    server.serve(subjects.scopeSigner('*', 'sign-jwt'), SignJwt, (request) => this.signJwt(request));
    server.serve(subjects.anySigner('token-horizon'), TokenHorizon, (request) => this.tokenHorizon(request));
  }

  private async signJwt(request: SignJwt): Promise<SignJwtReply> {
    const { duration_ms: durationMs } = request;
    const signed = () =>
      this.guard.atOnceUnder([{ scope: request.scope }], durationMs, (ring) => this.tokens.make(request, ring));
    try {
      return await signed();
    } catch (error) {
      // The ring went on meanwhile, which is nothing to whoever asks for a token: it is made again, by what is there now.
      if (!(error instanceof Problem) || !(error.is('epochMismatch') || error.is('noLease'))) throw error;
      return signed();
    }
  }

  private async tokenHorizon({ scope, key_id: keyId }: TokenHorizon): Promise<TokenHorizonReply> {
    const horizon = await this.horizons.read({ scope, keyId });
    return { horizon: horizon?.toISOString() ?? null };
  }
}
