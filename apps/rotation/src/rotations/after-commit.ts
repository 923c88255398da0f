import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import type { DestroyKey, Switched } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';
import { EpochSwitch } from './epoch-switch';

/** A change of a ring by the epoch that it made. */
export interface MadeEpoch {
  scope: Scope;
  epoch: number;
}

/**
 * What follows a transition's commit: the switch, the switch of its end, the destruction of the old key. Each is
 * recorded when done, so that whoever comes next knows what is left; each may be done twice without harm.
 */
@Injectable()
export class AfterCommit {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly switching: EpochSwitch,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** `epoch` is the one that the rotate made. */
  async finishSwitch({ scope, epoch }: MadeEpoch): Promise<Switched> {
    const switched = await this.switching.complete(scope, epoch);
    await this.record('switched_at', 'opened_epoch', { scope, epoch });
    return switched;
  }

  /** `epoch` is the one that the end made. */
  async finishCloseSwitch({ scope, epoch }: MadeEpoch): Promise<Switched> {
    const switched = await this.switching.complete(scope, epoch);
    await this.record('end_switched_at', 'ended_epoch', { scope, epoch });
    return switched;
  }

  /** Destroys the private half of the key that was closed; only after the switch, when nobody signs by it any more. */
  async destroyOldKey({ scope, epoch, oldKeyId }: MadeEpoch & { oldKeyId: string }): Promise<void> {
    const request: DestroyKey = { scope, key_id: oldKeyId };
    await this.signers.askAny('destroy-key', request);
    await this.record('old_key_destroyed_at', 'ended_epoch', { scope, epoch });
    this.logger.info({ scope, kid: oldKeyId }, 'old key destroyed');
  }

  /** What was committed stands: a database that is away now is no error to the caller, and Resume records it. */
  private async record(
    column: 'switched_at' | 'end_switched_at' | 'old_key_destroyed_at',
    madeBy: 'opened_epoch' | 'ended_epoch',
    { scope, epoch }: MadeEpoch,
  ): Promise<void> {
    await this.database
      .query(
        `UPDATE ring.transition SET ${column} = clock_timestamp()
          WHERE scope = $1 AND ${madeBy} = $2 AND ${column} IS NULL`,
        [scope, epoch],
      )
      .catch((err: unknown) => this.logger.warn({ err, scope, epoch, column }, 'not recorded yet'));
  }
}
