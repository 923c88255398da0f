import { Injectable } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type { BusJwtReply, IssueBusCredential } from '@plexsphere/wire/commands';
import { readNodeToken } from '@plexsphere/wire/jws';
import { Signers } from '../leases/signers';
import { RotationConfig } from '../rotation-config';

/**
 * So far ahead of the clock a token may be issued. Each is a second younger than the one before, and what somebody revokes
 * ends what was issued before that: who asks on and on is to have none of a time to come.
 */
const MOST_AHEAD_S = 10;

/** As it is entered beside its key. */
export interface NodeToken {
  jwt: string;
  /** Seconds since 1970. */
  iat: number;
  expiresAt: Date;
}

/** For whom, and by which key. */
interface Holder {
  id: string;
  name: string;
  publicKey: string;
}

/** Has the bus user JWT of a Node key made, and draws when the key is due. Both are the same on every replica's clock: the database's. */
@Injectable()
export class NodeTokens {
  constructor(
    private readonly signers: Signers,
    private readonly config: RotationConfig,
  ) {}

  /**
   * `after`: the one that the key has, which a revocation at its own second must not touch the new one for.
   *
   * @throws Problem noSigner; tooOften
   */
  async issue({ id, name, publicKey }: Holder, now: Date, after = 0): Promise<NodeToken> {
    const nowS = Math.floor(now.getTime() / 1_000);
    const iat = Math.max(nowS, after + 1);
    if (iat - nowS > MOST_AHEAD_S) throw problem('tooOften', { retry_after: iat - nowS - MOST_AHEAD_S });
    const exp = iat + Math.floor(this.config.nodeTokenLifeMs / 1_000);
    const request: IssueBusCredential = {
      ...{ kind: 'node', id, name, public_key: publicKey, has_node_key: true },
      ...{ issued_at: iat, expires_at: exp },
    };
    const { jwt } = await this.signers.askAny<BusJwtReply>('issue-bus-credential', request);
    requireAsAsked(jwt, { publicKey, iat, exp });
    return { jwt, iat, expiresAt: new Date(exp * 1_000) };
  }

  /** From when on policy wants another key: a fleet that came in one hour does not change in one hour. */
  rotateAfter(now: Date): Date {
    return new Date(now.getTime() + this.config.rotateNodeKeysAfterMs * (0.9 + 0.2 * Math.random()));
  }

  /** Two thirds of its life have passed. */
  isDue(expiresAt: Date, now: Date): boolean {
    return expiresAt.getTime() - now.getTime() < this.config.nodeTokenLifeMs / 3;
  }
}

/** What is entered of a token has to be so: by it the bus will be told which to refuse. */
function requireAsAsked(jwt: string, { publicKey, iat, exp }: { publicKey: string; iat: number; exp: number }): void {
  const made = readNodeToken(jwt);
  if (made.publicKey !== publicKey || made.issuedAt !== iat || made.expiresAt !== exp) {
    throw new Error('a signer made another token than it was asked for');
  }
}
