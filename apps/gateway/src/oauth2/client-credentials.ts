import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isClientId, type Scope } from '@plexsphere/wire';
import { KnownBearers } from '../door/known-bearers';
import { ClientViews, type ClientRow } from '../views/client-views';
import type { IssuerRow } from '../views/issuer-views';
import { Strangers } from '../views/strangers';
import { goodAssertion, subjectOf } from './client-assertion';
import type { ClientProof } from './client-proof';
import { invalidRequest, notThisClient } from './oauth-error';

/** Who an issuer is to its clients. */
type IssuerName = Pick<IssuerRow, 'scope' | 'url'>;

/** What is compared where there is nothing to compare with: nobody should tell by the time it takes who is there. */
const NOBODYS_HASH = Buffer.alloc(32);

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a client is the one that it says it is: looked up at each request. */
@Injectable()
export class ClientCredentials {
  /** Who was let in by this secret before, or by an assertion from there: it is looked up before strangers. */
  private readonly known = new KnownBearers();

  constructor(
    private readonly clients: ClientViews,
    private readonly strangers: Strangers,
  ) {}

  /**
   * `peer`: where the call comes from.
   * @throws OAuthError invalid_client, for one that is nobody and one that is not who it says alike; invalid_request; Problem
   * tooManyWaiting behind other strangers
   */
  authenticate(issuer: IssuerName, proof: ClientProof, peer: string): Promise<ClientRow> {
    return proof.by === 'private_key_jwt' ? this.byAssertion(issuer, proof, peer) : this.bySecret(issuer, proof);
  }

  private async bySecret({ scope }: IssuerName, { clientId, secret }: { clientId: string; secret: string }) {
    const shown = sha256(secret);
    return this.find(scope, clientId, shown, async (client) => {
      const [first = NOBODYS_HASH, second = NOBODYS_HASH] = client?.secretHashes ?? [];
      // Both are compared, whatever the first says.
      const [isFirst, isSecond] = [timingSafeEqual(first, shown), timingSafeEqual(second, shown)];
      return isFirst || isSecond;
    });
  }

  private async byAssertion(
    { scope, url }: IssuerName,
    { clientId: named, assertion }: { clientId: string | undefined; assertion: string },
    peer: string,
  ) {
    const clientId = subjectOf(assertion);
    if (!isClientId(clientId)) throw notThisClient();
    if (named !== undefined && named !== clientId) {
      throw invalidRequest('client_id names another client than the assertion');
    }
    return this.find(scope, clientId, sha256(peer), async (client) => {
      const now = client?.readAt ?? new Date();
      const good = await goodAssertion(assertion, { clientId, keys: client?.keys ?? [] }, url, now);
      // Last: what is not good uses up nothing.
      return good !== undefined && this.clients.useAssertion(scope, clientId, good.jti, good.expiresAt);
    });
  }

  /** `isOwn` is asked of a client that is not there as well, and takes as long for it. */
  private async find(
    scope: Scope,
    clientId: string,
    shown: Buffer,
    isOwn: (client: ClientRow | undefined) => Promise<boolean>,
  ): Promise<ClientRow> {
    const caller = callerOf(scope, clientId, shown);
    const read = () => this.clients.read(scope, clientId);
    const isKnown = this.known.has(caller.id, shown);
    const client = await (isKnown ? read() : this.strangers.callers.run(read));
    if ((await isOwn(client)) && client !== undefined) {
      this.known.note(caller);
      return client;
    }
    this.known.forget(caller.id);
    throw notThisClient();
  }
}

/** Of two secrets that are valid each has a place of its own. */
const callerOf = (scope: Scope, clientId: string, shown: Buffer) => ({
  id: `${scope} ${clientId} ${shown.toString('base64url')}`,
  bearerHash: shown,
});
