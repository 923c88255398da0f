import { PLATFORM, publicText, type Scope } from '@plexsphere/wire';
import { signBundle, type TrustAnchor } from '@plexsphere/wire/jws';
import { testKey, type TestKey } from './test-key';
import { TestRing, type Superior } from './test-ring';

/** What is said in a bundle, where it is not what is true. */
export interface BundleFields {
  by?: TestKey | undefined;
  anchor?: TrustAnchor | undefined;
  platform?: TrustAnchor | undefined;
}

/** The recovery key, the platform's ring and others: all that statements and bundles of an installation speak of. */
export class TestRings {
  recovery = testKey('recovery');
  private readonly rings = new Map<Scope, TestRing>();

  /** The platform's comes first: its key is the authority for the first key of every other ring. */
  async create(scope: Scope, keyId: string, now = new Date()): Promise<TestRing> {
    const ring = await TestRing.create(scope, keyId, this.superiorOf(scope), now);
    this.rings.set(scope, ring);
    return ring;
  }

  /** As somebody else would go on who has all keys. */
  fork(): TestRings {
    const fork = new TestRings();
    fork.recovery = this.recovery;
    for (const ring of this.all()) fork.rings.set(ring.scope, ring.fork(fork.superiorOf(ring.scope)));
    return fork;
  }

  async changeRecoveryKey(next: TestKey, now = new Date()): Promise<void> {
    await this.of(PLATFORM).changeRecoveryKey(next, now);
    this.recovery = next;
  }

  of(scope: Scope): TestRing {
    const ring = this.rings.get(scope);
    if (ring === undefined) throw new Error(`no ring of ${scope}`);
    return ring;
  }

  all(): TestRing[] {
    return [...this.rings.values()];
  }

  private superiorOf(scope: Scope): Superior {
    return () =>
      scope === PLATFORM
        ? { key: this.recovery, epoch: null }
        : { key: this.of(PLATFORM).active, epoch: this.of(PLATFORM).epoch };
  }

  /** Of a scope, for an hour. */
  bundle(scope: Scope, now: Date, fields: BundleFields = {}): Promise<string> {
    const { by = this.of(PLATFORM).active, anchor = this.of(scope).anchor(), platform } = fields;
    const bundle = {
      scope,
      ...anchor,
      platform: platform ?? this.of(PLATFORM).anchor(),
      recovery_public_key: publicText(this.recovery.privateKey),
      issued_at: now.toISOString(),
      expires_at: new Date(now.getTime() + 3_600_000).toISOString(),
    };
    return signBundle(bundle, by);
  }
}
