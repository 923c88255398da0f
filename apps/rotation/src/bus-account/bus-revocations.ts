import { Inject, Injectable } from '@nestjs/common';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import type { Revocation, SignBusAccount, SignBusAccountReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { RotationConfig } from '../rotation-config';
import { AccountPusher } from './account-pusher';

/** Below the server's limit for an idle transaction (5 s): it waits for this inside one. */
const SIGN_TIMEOUT_MS = 3_000;

/** Bus keys that are let in no more. */
@Injectable()
export class BusRevocations {
  constructor(
    private readonly bus: Bus,
    private readonly pusher: AccountPusher,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Stores the revocation and the account's JWT with all of them, in the caller's transaction and under lockBusAccount.
   * @throws Problem noSigner, noAnswer: nothing has changed then
   */
  async add(manager: EntityManager, publicKey: string, revokedAt: Date): Promise<void> {
    await manager.query(
      `INSERT INTO ring.bus_revocation (public_key, revoked_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [publicKey, revokedAt],
    );
    // The signer that issued a credential a moment ago may be ahead of the database by the skew allowed, and no key gets
    // a second credential that would have to outlive this.
    const revocations = await manager.query<Revocation[]>(
      `SELECT public_key, (ceil(extract(epoch FROM revoked_at)) + ceil($1 / 1000.0))::int AS at
         FROM ring.bus_revocation ORDER BY public_key`,
      [this.config.clockSkewMs],
    );
    const request: SignBusAccount = { revocations };
    const { jwt } = await this.bus.request<SignBusAccountReply>(subjects.anySigner('sign-bus-account'), request, {
      timeoutMs: SIGN_TIMEOUT_MS,
      unavailable: 'noSigner',
    });
    await manager.query(`UPDATE ring.installation SET bus_account_jwt = $1`, [jwt]);
  }

  /** After the commit. Where it fails, or we die before it, the pusher of any replica does it within seconds. */
  async push(): Promise<void> {
    try {
      await this.pusher.compare();
    } catch (err) {
      this.logger.warn({ err }, 'bus account not pushed yet');
    }
  }
}
