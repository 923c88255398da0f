import { Injectable } from '@nestjs/common';
import { DatabaseClock, LeaseKeeper, LeaseTable, readClocks } from '@plexsphere/lease-holder';
import { Problem, problem, type Scope } from '@plexsphere/wire';
import type { TokenKey } from '@plexsphere/wire/jws';
import { GatewayMetrics } from '../metrics/gateway-metrics';
import { RingViews } from '../views/ring-views';
import { Strangers } from '../views/strangers';
import { KeySet, type ServedKeySet } from './key-set';
import { SharedReadings } from './shared-readings';

/** A key set, and for how long whoever asked may go by it. */
export interface KeptKeySet extends ServedKeySet {
  maxAgeMs: number;
}

/** Of the time that rotation counts on: a cache in between may have a set for so long, and a verifier for the rest. */
const SHARE_OF_CACHES_BETWEEN = 1 / 3;

@Injectable()
export class KeySets {
  private readonly readings = new SharedReadings((scope) => this.strangers.readings.run(() => this.read(scope)));

  constructor(
    private readonly leases: LeaseTable<KeySet>,
    private readonly keeper: LeaseKeeper,
    private readonly clock: DatabaseClock,
    private readonly rings: RingViews,
    private readonly strangers: Strangers,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * From memory while a lease of the ring stands, since then no later ring is confirmed to anybody; else as the primary has
   * it at this moment.
   * @throws Problem unknownScope, databaseUnavailable, tooManyWaiting
   */
  of(scope: Scope): KeptKeySet | Promise<KeptKeySet> {
    const held = this.held(scope);
    this.metrics.servedKeySet(held === undefined ? 'database' : 'memory');
    if (held !== undefined) return this.kept(held, this.clock.now());
    return this.readings.of(scope).then(({ keySet, at }) => this.kept(keySet, at));
  }

  /**
   * What the key set shows, to verify by here, and when it was so.
   * @throws Problem unknownScope, databaseUnavailable, tooManyWaiting
   */
  async verifying(scope: Scope): Promise<{ keys: readonly TokenKey[]; now: Date }> {
    const held = this.held(scope);
    const { keySet, at: now } =
      held === undefined ? await this.readings.of(scope) : { keySet: held, at: this.clock.now() };
    return { keys: keySet.verifying(now), now };
  }

  private async read(scope: Scope): Promise<{ keySet: KeySet; at: Date }> {
    const read = await this.rings.keys(scope);
    if (read === undefined) throw problem('unknownScope', { field: 'scope' });
    return { keySet: new KeySet(scope, read.keys), at: read.at };
  }

  /**
   * Never beyond the end of a key in it, and no longer than rotation counts on: by the time that it lets a key sign it takes
   * every verifier to have asked again. Verifiers heed nothing of what is said here, and keep what they have for ten minutes
   * (docs/jwks.md); who heeds it are caches in between, and what comes out of one is as old already as it may be. A gateway
   * that has not heard how long all of that may take lets nobody keep anything.
   */
  private kept(keySet: KeySet, now: Date): KeptKeySet {
    const { text, length, etag, changesAt } = keySet.at(now);
    const untilChangeMs = changesAt === null ? Infinity : changesAt.getTime() - now.getTime();
    const mayBeKeptMs = (this.keeper.verifierCacheMs ?? 0) * SHARE_OF_CACHES_BETWEEN;
    const maxAgeMs = Math.max(0, Math.min(mayBeKeptMs, untilChangeMs));
    return { text, length, etag, changesAt, maxAgeMs };
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
