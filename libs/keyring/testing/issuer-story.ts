/** For specs: an issuer's ring with the tokens that its keys have signed, and those who sign by what they knew before. */
import fc from 'fast-check';
import { createRing, activeKey, stagedKey, type Key, type KeyRing } from '../src/key-ring';
import { closeGate, counted } from '../src/progress';
import { changePolicy } from '../src/ring-policy';
import { revokeKey } from '../src/revoke';
import { settlingKeys, type RingChange } from '../src/ring-change';
import { rollbackRotation, settleRollback } from '../src/rollback';
import { closeRotation, openRotation, openTransition } from '../src/rotation';
import { scopePolicy } from '../src/scope-policy';
import { stageKey, unstageKey } from '../src/stage';
import { lastTokenEnds, tokensOverAt, verifiesTokensUntil } from '../src/tokens';
import type { Transition } from '../src/transition';

export const ISSUER = scopePolicy('issuer');
export const SKEW_MS = 30;
export const LEASE_MS = 100;
const SPANS = { overlapWindowMs: 2_000, propagationDelayMs: 200, clockSkewMs: SKEW_MS };
const SETTLING = { stalenessMs: 10, relayLagMs: 10, clockSkewMs: SKEW_MS };

const constant = <const T>(value: T) => fc.constant(value);

export const anyDeed = fc.oneof(
  { weight: 8, arbitrary: fc.record({ verb: constant('sign'), life: fc.double({ min: 0.01, max: 1, noNaN: true }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ verb: constant('sign late'), life: fc.double({ min: 0.5, max: 1, noNaN: true }) }),
  },
  { weight: 8, arbitrary: fc.record({ verb: constant('wait'), ms: fc.constantFrom<number>(1, 20, 150, 700, 4_000) }) },
  {
    weight: 8,
    arbitrary: fc.record({ verb: fc.constantFrom('stage', 'stage', 'unstage', 'settle', 'settle', 'settle') }),
  },
  { weight: 6, arbitrary: fc.record({ verb: constant('rotate'), force: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ verb: constant('wait for the last token') }) },
  { weight: 5, arbitrary: fc.record({ verb: fc.constantFrom('close', 'close', 'rollback', 'rollback') }) },
  {
    weight: 2,
    arbitrary: fc.record({ verb: constant('revoke'), which: fc.nat({ max: 9 }), discardStaged: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ verb: constant('ceiling'), ms: fc.constantFrom(100, 1_000, 3_000) }) },
  { weight: 8, arbitrary: fc.record({ verb: constant('switch'), answers: fc.boolean() }) },
);

export type Deed = typeof anyDeed extends fc.Arbitrary<infer D> ? D : never;

interface Token {
  keyId: string;
  endsMs: number;
}

export class IssuerStory {
  nowMs = 0;
  ring: KeyRing;
  transition: Transition | null = null;
  readonly tokens: Token[] = [];
  readonly revoked = new Set<string>();
  readonly done = new Map<string, number>();
  private ceilingMs = 1_000;
  private count = 0;
  /** Who has not heard of a commit signs by the key of before for as long as its lease is. */
  private late: { keyId: string; untilMs: number; epoch: number }[] = [];
  private readonly activeAt = new Map<number, string>();

  constructor() {
    this.ring = createRing('issuer:web', 'k0', this.terms);
    this.activeAt.set(1, 'k0');
  }

  get now(): Date {
    return new Date(this.nowMs);
  }

  get terms() {
    return { longestTokenMs: this.ceilingMs, leaseMs: LEASE_MS };
  }

  /** Tokens that some verifier, by the slowest clock, may still be shown. */
  get living(): Token[] {
    return this.tokens.filter(({ endsMs, keyId }) => endsMs + SKEW_MS > this.nowMs && !this.revoked.has(keyId));
  }

  /** @throws Refusal where the domain refuses */
  do(deed: Deed): RingChange | undefined {
    const change = this.changeBy(deed);
    const name = change?.change ?? deed.verb;
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    if (change === undefined) return undefined;
    const before = activeKey(this.ring).keyId;
    this.late.push({ keyId: before, untilMs: this.nowMs + LEASE_MS, epoch: change.ring.epoch });
    this.ring = change.ring;
    this.transition = change.transition;
    this.activeAt.set(change.ring.epoch, activeKey(change.ring).keyId);
    return change;
  }

  private changeBy(deed: Deed): RingChange | undefined {
    const { ring, transition, now, terms: tokens } = this;
    const newKeyId = `k${this.count + 1}`;
    switch (deed.verb) {
      case 'sign':
        return this.sign(activeKey(ring).keyId, deed.life);
      case 'sign late': {
        const [late] = this.late.filter(({ untilMs }) => this.nowMs < untilMs);
        return late && this.sign(late.keyId, deed.life);
      }
      case 'wait':
        this.nowMs += deed.ms;
        return undefined;
      case 'wait for the last token':
        // The slowest clock shows it for one instant more.
        this.nowMs = Math.max(this.nowMs, ...this.living.map(({ endsMs }) => endsMs + SKEW_MS - 1));
        return undefined;
      case 'stage': {
        const staging = { ...SPANS, newKeyId, stagedAt: now, rotateBy: new Date(this.nowMs + 1_000_000) };
        const change = stageKey(ring, transition, staging, ISSUER);
        this.count += 1;
        return change;
      }
      case 'unstage':
        return unstageKey(ring, transition, {});
      case 'rotate':
        // Whoever rotates first sees through what is not switched yet.
        this.publish();
        return openRotation(this.ring, transition, { ...SPANS, openedAt: now, force: deed.force, tokens }, ISSUER);
      case 'rollback':
        return rollbackRotation(ring, transition, { ...this.named, ...SETTLING, at: now, tokens }, ISSUER);
      case 'settle':
        return this.settle();
      case 'close':
        return this.close();
      case 'ceiling':
        this.ceilingMs = deed.ms;
        return changePolicy(ring, transition, this.terms);
      case 'revoke': {
        const held = ring.keys.filter(({ state }) => state !== 'retired' && state !== 'revoked');
        const { keyId } = held[deed.which % held.length]!;
        const { discardStaged } = deed;
        const revoking = {
          keyId,
          newKeyId,
          discardStaged,
          at: now,
          propagationDelayMs: SPANS.propagationDelayMs,
          tokens,
        };
        const change = revokeKey(ring, transition, revoking, ISSUER);
        this.count += 1;
        this.revoked.add(keyId);
        return change;
      }
      case 'switch':
        this.finishSwitch(deed.answers);
        return undefined;
    }
  }

  /** As soon as something is due, as Resume does. */
  private settle(): RingChange {
    const [first] = settlingKeys(this.ring, this.transition);
    this.nowMs = Math.max(this.nowMs, first?.verifiesUntil?.getTime() ?? 0);
    return settleRollback(this.ring, this.transition, this.now);
  }

  private get named() {
    return { oldKeyId: this.transition?.oldKeyId ?? '', newKeyId: this.transition?.newKeyId ?? '' };
  }

  private sign(keyId: string, life: number): undefined {
    this.tokens.push({ keyId, endsMs: this.nowMs + Math.ceil(life * this.ceilingOf(keyId)) });
  }

  /** Who signs late goes by the ceiling of then, which the key has kept. */
  private ceilingOf(keyId: string): number {
    const key = this.ring.keys.find((each) => each.keyId === keyId);
    return key?.state === 'active' ? this.ceilingMs : (key?.longestTokenMs ?? 0);
  }

  /** As whoever closes does: behind the gate. */
  private close(): RingChange | undefined {
    const { oldKeyId } = openTransition(this.ring, this.transition, this.named);
    const old = this.ring.keys.find(({ keyId }) => keyId === oldKeyId)!;
    const outstanding = { lagging: counted([]), tokensOver: tokensOverAt(old, SPANS) };
    const transition = this.transition!;
    if (!closeGate(outstanding, transition, this.now, false, ISSUER).allowed) return undefined;
    return closeRotation(this.ring, this.transition, this.named);
  }

  /** Whoever signed late does so no more; what is known of the tokens of whoever signs no more is written down. */
  private finishSwitch(answers: boolean): void {
    const { epoch } = this.ring;
    this.late = [];
    this.publish();
    this.ring = {
      ...this.ring,
      keys: this.ring.keys.map((key) => {
        if (key.state !== 'retiring' || this.activeAt.get(epoch) === key.keyId) return key;
        const ends = this.tokens.filter(({ keyId }) => keyId === key.keyId).map(({ endsMs }) => endsMs);
        const horizon = ends.length === 0 ? null : new Date(Math.max(...ends));
        const tokensUntil = key.tokensUntil ?? lastTokenEnds(key, answers ? horizon : undefined, this.now);
        const known = { ...key, tokensUntil };
        return { ...known, verifiesUntil: verifiesTokensUntil(known, this.transition, SPANS) };
      }),
    };
  }

  /** Everybody serves the staged key from now on. */
  private publish(): void {
    const isNew = ({ state, publishedAt }: Key): boolean => state === 'staged' && publishedAt === null;
    const keys = this.ring.keys.map((key) => (isNew(key) ? { ...key, publishedAt: this.now } : key));
    this.ring = { ...this.ring, keys };
  }

  get staged(): string | undefined {
    return stagedKey(this.ring)?.keyId;
  }
}
