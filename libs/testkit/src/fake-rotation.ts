import { subjects, type LeaseKind, type RingView } from '@plexsphere/wire';
import type { RenewLease, RenewLeaseReply } from '@plexsphere/wire/commands';
import type { NatsConnection, Subscription } from 'nats';
import { publicKeyOf } from './keys';

/** Answers holders of leases on the bus: grants what is present and shows the rest, as rotation does. */
export class FakeRotation {
  rings: RingView[] = [];
  asked: RenewLease[] = [];
  /** What it counts on: 15 minutes. */
  verifierCacheMs = 900_000;
  private lastHolder = '';
  private subscription: Subscription | undefined;

  constructor(
    private readonly connection: NatsConnection,
    readonly leaseMs: number,
    private readonly kind: LeaseKind = 'signer',
  ) {}

  get holder(): string {
    return this.lastHolder;
  }

  listen(): void {
    this.subscription = this.connection.subscribe(subjects.renewLease(this.kind, '*'), {
      callback: (_, message) => {
        const request = message.json<RenewLease>();
        this.asked.push(request);
        this.lastHolder = message.subject.split('.').at(-1) ?? '';
        message.respond(JSON.stringify(this.answer(request)));
      },
    });
  }

  fallSilent(): void {
    this.subscription?.unsubscribe();
  }

  /** Commits these rings in place of those of the same scopes, and tells of it. */
  show(...rings: RingView[]): void {
    const scopes = new Set(rings.map(({ scope }) => scope));
    this.rings = [...this.rings.filter(({ scope }) => !scopes.has(scope)), ...rings];
    for (const { scope, epoch } of rings) {
      this.connection.publish(subjects.ringChanged, JSON.stringify({ scope, epoch }));
    }
  }

  /** Commits that a scope has no ring any more, and tells of it. */
  remove(scope: string): void {
    this.rings = this.rings.filter((ring) => ring.scope !== scope);
    this.connection.publish(subjects.ringChanged, JSON.stringify({ scope, epoch: 0 }));
  }

  confirmed(scope: string, epoch: number): boolean {
    return this.asked.some(({ epochs }) => epochs[scope] === epoch);
  }

  private answer({ epochs }: RenewLease): RenewLeaseReply {
    const granted = this.rings.filter(({ scope, epoch }) => epochs[scope] === epoch);
    return {
      lease_ms: this.leaseMs,
      now: new Date().toISOString(),
      granted: granted.map(({ scope }) => scope),
      rings: this.rings.filter((ring) => !granted.includes(ring)),
      removed: Object.keys(epochs).filter((claimed) => !this.rings.some(({ scope }) => scope === claimed)),
      recovery_public_key: publicKeyOf('recovery'),
      verifier_cache_ms: this.verifierCacheMs,
    };
  }
}
