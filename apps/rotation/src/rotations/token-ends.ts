import { Inject, Injectable } from '@nestjs/common';
import { lastTokenEnds, verifiesTokensUntil } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { SigningKeyEntity, TransitionEntity } from '@plexsphere/store';
import { isTime, problem, type Scope } from '@plexsphere/wire';
import type { TokenHorizon, TokenHorizonReply } from '@plexsphere/wire/commands';
import { DataSource, In, IsNull, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { asKey } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';

/** By key id the latest end that signers wrote down; null where they never did, undefined where none of them answers. */
export type Horizons = ReadonlyMap<string, Date | null | undefined>;

/** When the tokens end of keys that sign no more: final once the switch has left nobody who could still sign by them. */
@Injectable()
export class TokenEnds {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Of those that the switch to `epoch` leaves behind. Asked before anything is written: signers may take their time. */
  async horizons(scope: Scope, epoch: number): Promise<Horizons> {
    const keys = await listOutgoing(this.database.manager, scope, epoch);
    const unknown = keys.filter(({ tokensUntil }) => tokensUntil === null);
    return new Map(
      await Promise.all(unknown.map(async ({ keyId }) => [keyId, await this.horizonOf(scope, keyId)] as const)),
    );
  }

  /** In the transaction that records the switch, so that none is recorded without them. */
  async write(
    manager: EntityManager,
    scope: Scope,
    epoch: number,
    horizons: Horizons,
    switchedAt: Date,
  ): Promise<void> {
    const transition = await manager.findOneBy(TransitionEntity, { scope, outcome: IsNull() });
    for (const row of await listOutgoing(manager, scope, epoch)) {
      const { keyId } = row;
      const tokensUntil = row.tokensUntil ?? lastTokenEnds(row, horizons.get(keyId), switchedAt);
      const verifiesUntil = verifiesTokensUntil({ ...asKey(row), tokensUntil }, transition, this.config);
      await manager.update(SigningKeyEntity, { scope, keyId, state: 'retiring' }, { tokensUntil, verifiesUntil });
    }
  }

  private async horizonOf(scope: Scope, keyId: string): Promise<Date | null | undefined> {
    const request: TokenHorizon = { scope, key_id: keyId };
    try {
      const { horizon } = await this.signers.askAny<TokenHorizonReply>('token-horizon', request);
      if (horizon !== null && !isTime(horizon)) throw problem('internal', { reason: 'no time' });
      return horizon === null ? null : new Date(horizon);
    } catch (err) {
      this.logger.warn(
        { err, scope, kid: keyId },
        'nobody says when the tokens of this key end: the longest life counts',
      );
      return undefined;
    }
  }
}

/** A key that signed again at that epoch or after it waits for a later switch. */
async function listOutgoing(manager: EntityManager, scope: Scope, epoch: number): Promise<SigningKeyEntity[]> {
  const found = await manager.query<{ keyId: string }[]>(
    `SELECT key_id AS "keyId" FROM ring.signing_key AS key
      WHERE scope = $1 AND state = 'retiring' AND longest_token_ms IS NOT NULL
        AND NOT EXISTS (SELECT FROM ring.ring_change
                         WHERE scope = $1 AND epoch >= $2 AND active_key_id = key.key_id)`,
    [scope, epoch],
  );
  if (found.length === 0) return [];
  return manager.findBy(SigningKeyEntity, { scope, keyId: In(found.map(({ keyId }) => keyId)) });
}
