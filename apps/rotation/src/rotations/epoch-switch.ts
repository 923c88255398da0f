import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { SwitchWait } from '@plexsphere/keyring';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { subjects, type RingChanged, type Scope } from '@plexsphere/wire';
import type { Switched } from '@plexsphere/wire/commands';
import { LeaseBook } from '../leases/lease-book';
import { RotationConfig } from '../rotation-config';

/** How often the table is looked at while holders confirm: a switch is then a matter of milliseconds. */
const LOOK_AGAIN_MS = 20;

/**
 * Waits until nobody can sign or serve by an earlier epoch. The event makes holders renew at once; correctness rests on
 * the leases alone.
 */
@Injectable()
export class EpochSwitch {
  constructor(
    private readonly bus: Bus,
    private readonly leases: LeaseBook,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Call it after the commit that made `epoch`. Returns after L at the latest, by this process' monotonic clock, and
   * never fails: what it cannot learn from a database that is away counts as lapsed, and L needs no database.
   */
  async complete(scope: Scope, epoch: number): Promise<Switched> {
    const wait = new SwitchWait(performance.now(), this.config);
    this.bus.publish(subjects.ringChanged, { scope, epoch } satisfies RingChanged);
    for (let leftMs = left(wait); leftMs > 0; leftMs = left(wait)) {
      if (!wait.isClear) await this.look(wait, scope, epoch);
      await delay(Math.max(0, wait.isClear ? left(wait) : Math.min(LOOK_AGAIN_MS, left(wait))));
    }
    const confirmed = await this.leases.holdersAt(scope, epoch).catch(() => []);
    const lapsed = [...wait.lapsed];
    this.logger.info({ scope, epoch, confirmed, lapsed }, 'switched');
    return { confirmed, lapsed };
  }

  /** Waits, L at the most, until some signer holds a lease at `epoch`. Returns whether one does. */
  async isServed(scope: Scope, epoch: number): Promise<boolean> {
    const endsAt = performance.now() + this.config.leaseMs;
    this.bus.publish(subjects.ringChanged, { scope, epoch } satisfies RingChanged);
    while ((await this.leases.holdersAt(scope, epoch, ['signer'])).length === 0) {
      if (performance.now() >= endsAt) return false;
      await delay(LOOK_AGAIN_MS);
    }
    return true;
  }

  /** A database that answers too late has not been looked at: its answer would hold up what L alone decides. */
  private async look(wait: SwitchWait, scope: Scope, epoch: number): Promise<void> {
    const ended = new AbortController();
    const holders = this.leases.holdersBefore(scope, epoch).catch(() => undefined);
    const tooLate = delay(left(wait), undefined, { signal: ended.signal }).catch(() => undefined);
    const found = await Promise.race([holders, tooLate]);
    ended.abort();
    if (found !== undefined) wait.look(performance.now(), found);
  }
}

const left = (wait: SwitchWait): number => wait.endsAtMs - performance.now();
