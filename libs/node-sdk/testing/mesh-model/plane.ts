/** The honest side of the model: both rings, the recovery key, and all that is ever signed for them. */
import type { KeyNews } from '@plexsphere/keyring';
import { envelopeBy, type TestKey } from '@plexsphere/testkit';
import { PLATFORM, publicText, type Scope } from '@plexsphere/wire';
import {
  readStatement,
  signBundle,
  STATEMENT_TYPES,
  type Statement,
  type TrustAnchor,
  type TrustBundle,
} from '@plexsphere/wire/jws';
import { copied } from './copied';
import { keyOf, ModelRing, type Occasion, type Order } from './model-ring';

export const DOMAIN: Scope = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
export type Whose = 'platform' | 'domain';
export const WHOSE: readonly Whose[] = ['platform', 'domain'];

export class Plane {
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  private issued = 0;

  private constructor(
    public recovery: TestKey,
    public rings: Record<Whose, ModelRing>,
  ) {}

  static async create(): Promise<Plane> {
    const plane = new Plane(keyOf('recovery-1'), {} as Record<Whose, ModelRing>);
    const platform = await ModelRing.create(PLATFORM, plane.occasion('platform'));
    plane.rings = { ...plane.rings, platform };
    plane.rings = { platform, domain: await ModelRing.create(DOMAIN, plane.occasion('domain')) };
    return plane;
  }

  private occasion(whose: Whose): Occasion {
    const { nowMs, recovery } = this;
    if (whose === 'platform') return { nowMs, superior: { key: recovery, epoch: null } };
    const { active, ring } = this.rings.platform;
    return { nowMs, superior: { key: active, epoch: ring.epoch } };
  }

  of(scope: Scope): ModelRing {
    return scope === PLATFORM ? this.rings.platform : this.rings.domain;
  }

  get now(): Date {
    return new Date(this.nowMs);
  }

  /** No two of anything are of one millisecond. */
  tick(ms = 1_000): void {
    this.nowMs += ms;
  }

  /** False where the domain refuses. */
  async order(whose: Whose, order: Order): Promise<boolean> {
    const after = await this.ordered(whose, order);
    if (after !== undefined) Object.assign(this, after);
    return after !== undefined;
  }

  /** As it is then; undefined where the domain refuses. Rings are replaced, not changed: who has this one has what it was. */
  async ordered(whose: Whose, order: Order): Promise<Plane | undefined> {
    const after = copied<Plane>(this);
    after.tick();
    const isRecovery = order === 'recovery';
    if (isRecovery && whose !== 'platform') return undefined;
    if (isRecovery) after.recovery = keyOf(`recovery-${this.rings.platform.ring.epoch + 1}`);
    const recovery = { old: this.recovery, next: after.recovery };
    const ring = await this.rings[whose].ordered(order, { ...this.occasion(whose), nowMs: after.nowMs, recovery });
    if (ring === undefined) return undefined;
    after.rings = { ...this.rings, [whose]: ring };
    return after;
  }

  /** `members` replaces members, for someone who has a key and lies. */
  bundle(scope: Scope, by: TestKey = this.rings.platform.active, members: Partial<TrustBundle> = {}): Promise<string> {
    const anchorOf = (ring: ModelRing): TrustAnchor => ring.anchor(this.nowMs);
    this.issued += 1;
    const bundle: TrustBundle = {
      scope,
      ...anchorOf(this.of(scope)),
      platform: anchorOf(this.rings.platform),
      recovery_public_key: publicText(this.recovery.privateKey),
      issued_at: new Date(this.nowMs + this.issued).toISOString(),
      expires_at: new Date(this.nowMs + 3_600_000).toISOString(),
      ...members,
    };
    return signBundle(bundle, by);
  }

  /** What a Node hears that has slept since the beginning. */
  async wholeChain(scope: Scope): Promise<{ kind: 'chain'; text: string }> {
    const textsOf = ({ statements }: ModelRing): string[] => statements.slice(1).map(({ text }) => text);
    const platform_statements = textsOf(this.rings.platform);
    const statements = scope === PLATFORM ? [] : textsOf(this.of(scope));
    const bundle = await this.bundle(scope);
    return { kind: 'chain', text: JSON.stringify({ platform_statements, statements, bundle }) };
  }

  announcement(scope: Scope, { eventType, keyId }: Extract<KeyNews, { kind: 'announce' }>): string {
    const { keys } = this.of(scope).ring;
    const signs = keys.find((key) => key.keyId === keyId)?.state;
    if (signs !== 'active' && signs !== 'retiring') throw new Error(`a signer refuses to announce by a ${signs} key`);
    const { text } = (eventType === 'signing_key_rotated' ? this.of(scope) : this.rings.platform).head;
    return announcementOf(
      { text, statement: readStatement(text) },
      eventType,
      scope,
      this.of(scope).keys.get(keyId)!,
      this.now,
    );
  }
}

/** What a signer would say of a statement. */
export function announcementOf(
  { text, statement: said }: { text: string; statement: Statement },
  eventType: 'signing_key_rotated' | 'platform_key_rotated',
  scope: Scope,
  by: TestKey,
  now: Date,
): string {
  const { epoch, new_public_key, old_public_key, transition_expires, old_key_id, new_key_id, opened_at } = said;
  const isAlone = STATEMENT_TYPES[said.type].beside === 'nobody';
  const end = transition_expires === null ? {} : { transition_expires };
  const own = {
    ...{ current: new_public_key, scope, old_key_id, new_key_id, opened_at },
    ...(!isAlone && { previous: old_public_key }),
  };
  const payload = { ...(eventType === 'signing_key_rotated' && own), ...end, epoch, statement: text };
  return envelopeBy(by, scope, now, { eventType, payload });
}
