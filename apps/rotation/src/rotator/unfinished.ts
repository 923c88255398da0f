import { Inject, Injectable } from '@nestjs/common';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { TransitionEntity } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import type { DestroyKey, DestroyKeyReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Switch, type Switched } from './switch';

/** Wrapped keys are small and the database near: a signer that needs longer is asked again by the next turn. */
const DESTROY_TIMEOUT_MS = 3_000;

/**
 * What follows a transition's commit: the switch, the switch of its end, the destruction of the old key. Each is
 * recorded when done, so that whoever comes next knows what is left; each may be done twice without harm.
 */
@Injectable()
export class Unfinished {
  constructor(
    private readonly database: DataSource,
    private readonly bus: Bus,
    private readonly switching: Switch,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async finishSwitch(transition: TransitionEntity): Promise<Switched> {
    const switched = await this.switching.complete(transition.scope, transition.openedEpoch);
    await this.record(transition.id, 'switched_at');
    return switched;
  }

  async finishCloseSwitch(transition: TransitionEntity): Promise<Switched> {
    const epoch = transition.endedEpoch ?? transition.openedEpoch;
    const switched = await this.switching.complete(transition.scope, epoch);
    await this.record(transition.id, 'end_switched_at');
    return switched;
  }

  /** Destroys the private half of the key that was closed; only after the switch, when nobody signs by it any more. */
  async destroyOldKey(transition: TransitionEntity): Promise<void> {
    const request: DestroyKey = { scope: transition.scope, key_id: transition.oldKeyId };
    await this.bus.request<DestroyKeyReply>(subjects.anySigner('destroy-key'), request, {
      timeoutMs: DESTROY_TIMEOUT_MS,
      unavailable: 'noSigner',
    });
    await this.record(transition.id, 'old_key_destroyed_at');
    this.logger.info({ scope: transition.scope, kid: transition.oldKeyId }, 'old key destroyed');
  }

  private record(id: string, column: 'switched_at' | 'end_switched_at' | 'old_key_destroyed_at'): Promise<unknown> {
    return this.database.query(
      `UPDATE ring.transition SET ${column} = clock_timestamp() WHERE id = $1 AND ${column} IS NULL`,
      [id],
    );
  }
}
