import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Peers } from '../door/peers';
import { FAILURES, Rate } from '../door/rate';
import { GatewayConfig } from '../gateway-config';
import type { ClientRow } from '../views/client-views';
import type { IssuerRow } from '../views/issuer-views';
import { subjectOf } from './client-assertion';
import { ClientCredentials } from './client-credentials';
import { proofOf, type ClientProof } from './client-proof';
import type { Form } from './form';
import { OAuthError } from './oauth-error';

const SECOND_MS = 1_000;

/**
 * Lets clients in, each as often as it may come. Failures are counted apart, by who fails and in whose name: beyond so many
 * they are told to wait. Nobody is kept from showing the right secret by that, whoever else shows wrong ones: it is 256
 * random bits, and no guess comes nearer to it for being the millionth.
 */
@Injectable()
export class CallingClients {
  private readonly failures = new Rate(FAILURES);
  private readonly calls: Rate;

  constructor(
    private readonly credentials: ClientCredentials,
    private readonly peers: Peers,
    { clientRate }: GatewayConfig,
  ) {
    this.calls = new Rate({ most: clientRate, withinMs: SECOND_MS });
  }

  /** @throws OAuthError invalid_client, invalid_request, slow_down; what the database throws */
  async authenticate(request: IncomingMessage, form: Form, issuer: IssuerRow): Promise<ClientRow> {
    const peer = this.peers.of(request);
    const client = await this.known(request, form, issuer, peer);
    requireWithin(this.calls.waitMs([issuer.scope, client.clientId]), 'the client comes too often');
    return client;
  }

  private async known(request: IncomingMessage, form: Form, issuer: IssuerRow, peer: string): Promise<ClientRow> {
    let named = '';
    try {
      const proof = proofOf(request.headers.authorization, form);
      named = nameIn(proof);
      return await this.credentials.authenticate(issuer, proof, peer);
    } catch (error) {
      if (error instanceof OAuthError && error.code === 'invalid_client') {
        requireWithin(this.failures.waitMs([issuer.scope, peer, named]), 'too many failures');
      }
      throw error;
    }
  }
}

/** In whose name, before anything of it is believed. */
const nameIn = (proof: ClientProof): string =>
  proof.clientId ?? (proof.by === 'private_key_jwt' ? (subjectOf(proof.assertion) ?? '') : '');

function requireWithin(waitMs: number, description: string): void {
  if (waitMs > 0) throw new OAuthError('slow_down', description, { retryAfter: Math.ceil(waitMs / SECOND_MS) });
}
