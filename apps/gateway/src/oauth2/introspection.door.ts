import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Problem } from '@plexsphere/wire';
import { JwsError, verifyAccessToken } from '@plexsphere/wire/jws';
import type { Refusal } from '../door/refuse';
import { IssuerNames } from '../issuers/issuer-names';
import type { IssuerDoor } from '../issuers/issuer-route';
import { KeySets } from '../rings/key-sets';
import type { IssuerRow } from '../views/issuer-views';
import { CallingClients } from './calling-clients';
import { readForm } from './form-body';
import { answerOnce, refusalInOAuth, refuseInOAuth } from './oauth-answer';
import { invalidRequest } from './oauth-error';

/** Of any token that is not good here and now no more is said (RFC 7662, section 2.2). */
const INACTIVE = { active: false };

/** `POST /oauth2/introspect`: whether a token is good now, for the issuer's own clients. */
@Injectable()
export class IntrospectionDoor implements IssuerDoor {
  readonly names = ['rootIntrospect', 'issuerIntrospect'] as const;

  constructor(
    private readonly issuers: IssuerNames,
    private readonly clients: CallingClients,
    private readonly keySets: KeySets,
  ) {}

  async answer(request: IncomingMessage, response: ServerResponse, slug: string): Promise<void> {
    try {
      const form = await readForm(request);
      const issuer = await this.issuers.named(slug);
      await this.clients.authenticate(request, form, issuer);
      if (form.token === undefined) throw invalidRequest('token is missing');
      answerOnce(response, await this.said(form.token, issuer));
    } catch (error) {
      refuseInOAuth(response, error);
    }
  }

  refusal(refused: Problem): Refusal {
    return refusalInOAuth(refused);
  }

  private async said(text: string, { scope, url }: IssuerRow): Promise<object> {
    const { keys, now } = await this.keySets.verifying(scope);
    try {
      const { token } = await verifyAccessToken(text, keys, { issuer: url, now });
      return { active: true, ...token, token_type: 'Bearer' };
    } catch (error) {
      if (error instanceof JwsError) return INACTIVE;
      throw error;
    }
  }
}
