import { Injectable } from '@nestjs/common';
import { DatabaseClock, LeaseTable, readClocks } from '@plexsphere/lease-holder';
import { Problem, problem, type Scope } from '@plexsphere/wire';
import { GatewayMetrics } from '../metrics/gateway-metrics';
import { RingViews } from '../views/ring-views';
import { KeySet, type ServedKeySet } from './key-set';

@Injectable()
export class KeySets {
  constructor(
    private readonly leases: LeaseTable<KeySet>,
    private readonly clock: DatabaseClock,
    private readonly rings: RingViews,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * From memory while a lease of the ring stands, since then no later ring is confirmed to anybody; else as the primary has
   * it at this moment.
   * @throws Problem unknownScope, databaseUnavailable
   */
  async of(scope: Scope): Promise<ServedKeySet> {
    const now = this.clock.now();
    const held = this.held(scope);
    this.metrics.servedKeySet(held === undefined ? 'database' : 'memory');
    if (held !== undefined) return held.at(now);
    const keys = await this.rings.keys(scope);
    if (keys === undefined) throw problem('unknownScope', { field: 'scope' });
    return new KeySet(scope, keys).at(now);
  }

  get now(): Date {
    return this.clock.now();
  }

  private held(scope: Scope): KeySet | undefined {
    try {
      return this.leases.permit({ scope }, 0, readClocks()).loaded;
    } catch (error) {
      if (error instanceof Problem && error.is('noLease')) return undefined;
      throw error;
    }
  }
}
