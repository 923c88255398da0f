import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { SIGNING_DURATION_MS, subjects, type RingChanged, type Scope } from '@plexsphere/wire';
import { LeaseBook } from '../leases/lease-book';
import { RotationConfig } from '../rotation-config';

/** How often the table is looked at while holders confirm: a switch is then a matter of milliseconds. */
const LOOK_AGAIN_MS = 20;

/** Who works by the new epoch, and whose lease had to run out instead. */
export interface Switched {
  confirmed: string[];
  lapsed: string[];
}

/**
 * Waits until nobody can sign or serve by an earlier epoch. The event makes holders renew at once; correctness rests on
 * the leases alone.
 */
@Injectable()
export class Switch {
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
    const beganAt = performance.now();
    this.bus.publish(subjects.ringChanged, { scope, epoch } satisfies RingChanged);
    let leaseMs = this.config.leaseMs;
    let lapsed: string[] | undefined;
    do {
      const holders = await this.leases.holdersBefore(scope, epoch).catch(() => undefined);
      leaseMs = Math.max(leaseMs, ...(holders ?? []).map((each) => each.leaseMs));
      lapsed = holders?.map((each) => each.holder) ?? lapsed;
      if (holders?.length === 0) break;
      await delay(LOOK_AGAIN_MS);
    } while (performance.now() - beganAt < leaseMs);
    // What a signer answered just before it confirmed may be accepted for so long.
    if (lapsed?.length === 0) await delay(SIGNING_DURATION_MS);
    const confirmed = await this.leases.holdersAt(scope, epoch).catch(() => []);
    this.logger.info({ scope, epoch, confirmed, lapsed: lapsed ?? [] }, 'switched');
    return { confirmed, lapsed: lapsed ?? [] };
  }

  /** Waits, L at the most, until some signer holds a lease at `epoch`. Returns whether one does. */
  async isServed(scope: Scope, epoch: number): Promise<boolean> {
    const endsAt = performance.now() + this.config.leaseMs;
    this.bus.publish(subjects.ringChanged, { scope, epoch } satisfies RingChanged);
    while ((await this.leases.holdersAt(scope, epoch)).length === 0) {
      if (performance.now() >= endsAt) return false;
      await delay(LOOK_AGAIN_MS);
    }
    return true;
  }
}
