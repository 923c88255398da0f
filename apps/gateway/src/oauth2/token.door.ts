import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Problem } from '@plexsphere/wire';
import type { Refusal } from '../door/refuse';
import { IssuerNames } from '../issuers/issuer-names';
import type { IssuerDoor } from '../issuers/issuer-route';
import { CallingClients } from './calling-clients';
import { readForm } from './form-body';
import { grantedToken } from './granted-token';
import { answerOnce, refusalInOAuth, refuseInOAuth } from './oauth-answer';
import { TokenSigners } from './token-signers';

/** `POST /oauth2/token`: a client proves who it is, and gets an access token in its own name (RFC 6749, section 4.4). */
@Injectable()
export class TokenDoor implements IssuerDoor {
  readonly names = ['rootToken', 'issuerToken'] as const;

  constructor(
    private readonly issuers: IssuerNames,
    private readonly clients: CallingClients,
    private readonly signers: TokenSigners,
  ) {}

  async answer(request: IncomingMessage, response: ServerResponse, slug: string): Promise<void> {
    try {
      await this.give(request, response, slug);
    } catch (error) {
      refuseInOAuth(response, error);
    }
  }

  refusal(refused: Problem): Refusal {
    return refusalInOAuth(refused);
  }

  private async give(request: IncomingMessage, response: ServerResponse, slug: string): Promise<void> {
    const form = await readForm(request);
    const issuer = await this.issuers.named(slug);
    const client = await this.clients.authenticate(request, form, issuer);
    // In line most have given up: nothing is signed for those.
    if (response.destroyed) return;
    const granted = grantedToken(form, client, issuer.longestTokenSeconds);
    const { text, lifeSeconds, requireInTime } = await this.signers.sign(issuer.scope, client.clientId, granted);
    const scope = granted.tokenScopes.join(' ');
    requireInTime();
    answerOnce(response, { access_token: text, token_type: 'Bearer', expires_in: lifeSeconds, scope });
  }
}
