import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import type { DestroyKey, Switched } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { databaseNow } from '../transactions/database-clock';
import { EpochSwitch } from './epoch-switch';
import { TokenEnds } from './token-ends';

/** A change of a ring by the epoch that it made. */
export interface MadeEpoch {
  scope: Scope;
  epoch: number;
}

/**
 * What follows the commit of a ring's change: the switch, then the destruction of what left the ring. Each is recorded when
 * done, so that whoever comes next knows what is left; each may be done twice without harm.
 */
@Injectable()
export class AfterCommit {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly switching: EpochSwitch,
    private readonly tokenEnds: TokenEnds,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async finish(made: MadeEpoch): Promise<Switched> {
    const switched = await this.switching.complete(made.scope, made.epoch);
    await this.recordSwitch(made);
    // Such a key is out of the ring all the same, and the Resume loop destroys what is left here.
    await this.destroyGone(made.scope).catch((err: unknown) =>
      this.logger.warn({ err, scope: made.scope }, 'private halves not destroyed yet'),
    );
    return switched;
  }

  /** What was committed before and not seen through so far: afterwards nobody works by an earlier ring than the present one. */
  async finishPending(scope: Scope): Promise<void> {
    const [last] = await this.database.query<{ epoch: number | null }[]>(
      'SELECT max(epoch)::float8 AS epoch FROM ring.ring_change WHERE scope = $1 AND switched_at IS NULL',
      [scope],
    );
    if (typeof last?.epoch === 'number') await this.finish({ scope, epoch: last.epoch });
  }

  /** Destroys the private halves of what left the ring; only once nobody signs by any ring of before. */
  async destroyGone(scope: Scope): Promise<void> {
    const gone = await this.database.query<{ keyId: string }[]>(
      `SELECT key_id AS "keyId" FROM ring.signing_key
        WHERE scope = $1 AND state IN ('retired', 'revoked') AND destroyed_at IS NULL
          AND NOT EXISTS (SELECT FROM ring.ring_change WHERE scope = $1 AND switched_at IS NULL)
        ORDER BY created_at`,
      [scope],
    );
    for (const { keyId } of gone) {
      const request: DestroyKey = { scope, key_id: keyId };
      await this.signers.askAny('destroy-key', request);
      await this.database.query(
        `UPDATE ring.signing_key SET destroyed_at = clock_timestamp()
          WHERE scope = $1 AND key_id = $2 AND destroyed_at IS NULL`,
        [scope, keyId],
      );
      this.logger.info({ scope, kid: keyId }, 'private half destroyed');
    }
  }

  /**
   * A switch leaves no lease of any earlier epoch, so earlier ones that were never recorded are finished by it as well. What
   * was committed stands: a database that is away now is no error to the caller, and Resume records it.
   */
  private async recordSwitch({ scope, epoch }: MadeEpoch): Promise<void> {
    try {
      const horizons = await this.tokenEnds.horizons(scope, epoch);
      await this.database.transaction('READ COMMITTED', async (manager) => {
        const switchedAt = await databaseNow(manager);
        await this.tokenEnds.write(manager, scope, epoch, horizons, switchedAt);
        await writePublished(manager, scope, epoch, switchedAt);
        await manager.query(
          `UPDATE ring.ring_change SET switched_at = $3 WHERE scope = $1 AND epoch <= $2 AND switched_at IS NULL`,
          [scope, epoch, switchedAt],
        );
      });
    } catch (err) {
      this.logger.warn({ err, scope, epoch }, 'switch not recorded yet');
    }
  }
}

/**
 * Whoever serves the ring serves the staged key by now, if it was staged by then; also where an emergency has it sign already.
 * One that came in behind that switch is published by its own.
 */
const writePublished = (manager: EntityManager, scope: Scope, epoch: number, switchedAt: Date): Promise<unknown> =>
  manager.query(
    `UPDATE ring.signing_key SET published_at = $3
      WHERE scope = $1 AND state IN ('staged', 'active') AND staged_at IS NOT NULL AND published_at IS NULL
        AND NOT EXISTS (SELECT FROM ring.ring_change WHERE scope = $1 AND epoch > $2 AND change = 'stage')`,
    [scope, epoch, switchedAt],
  );
