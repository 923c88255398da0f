import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { LeaseGuard } from '@plexsphere/lease-holder';
import { validated } from '@plexsphere/service-kit';
import { Problem, subjects } from '@plexsphere/wire';
import { SignJwt, TokenHorizon, type SignJwtReply, type TokenHorizonReply } from '@plexsphere/wire/commands';
import type { PrivateKeys } from '../sign/signing-ring';
import { TokenHorizons } from './token-horizons';
import { TokenMaker } from './token-maker';

/** Access tokens are signed under the lease of their issuer; until when a key's live, any signer can read. */
@Controller()
export class TokenVerbsController {
  constructor(
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly tokens: TokenMaker,
    private readonly horizons: TokenHorizons,
  ) {}

  @MessagePattern(subjects.scopeSigner('*', 'sign-jwt'), { joined: true })
  async signJwt(@Payload(validated(SignJwt)) request: SignJwt): Promise<SignJwtReply> {
    const { scope, duration_ms } = request;
    const signed = () => this.guard.under([{ scope }], duration_ms, (ring) => this.tokens.make(request, ring));
    try {
      return await signed();
    } catch (error) {
      // The ring went on meanwhile, which is nothing to whoever asks for a token: it is made again, by what is there now.
      if (!(error instanceof Problem) || !(error.is('epochMismatch') || error.is('noLease'))) throw error;
      return signed();
    }
  }

  @MessagePattern(subjects.anySigner('token-horizon'), { joined: true })
  async tokenHorizon(
    @Payload(validated(TokenHorizon)) { scope, key_id: keyId }: TokenHorizon,
  ): Promise<TokenHorizonReply> {
    const horizon = await this.horizons.read({ scope, keyId });
    return { horizon: horizon?.toISOString() ?? null };
  }
}
