/** A ring that goes through whatever an operator does to it, by the domain's own functions, and what Nodes are told of it. */
import { TRUST_CHANGES, type GoRing, type TrustChange } from '../../src/go-node';
import { announcedKeys } from '../../src/key-news';
import { activeKey, stagedKey, type Key } from '../../src/key-ring';
import { Refusal } from '../../src/refusal';
import { revokeKey } from '../../src/revoke';
import { CHANGES, type RingChange } from '../../src/ring-change';
import { rollbackRotation, settleRollback } from '../../src/rollback';
import { closeRotation, openRotation } from '../../src/rotation';
import { scopePolicy } from '../../src/scope-policy';
import { stageKey, unstageKey } from '../../src/stage';
import { RingStory } from '../ring-story';

export const MINUTE_MS = 60_000;
const SKEW_MS = 30_000;
const POLICY = scopePolicy('domain');

export const RING_ORDERS = [
  'rotate',
  'close',
  'rollback',
  'settle',
  'stage',
  'unstage',
  'revoke_active',
  'revoke_other',
] as const;
export type RingOrder = (typeof RING_ORDERS)[number];

export class ModelGoRing {
  readonly story = new RingStory('domain:d');
  readonly told: TrustChange[] = [];
  private made = 0;

  constructor() {
    this.tell();
  }

  get keys(): readonly Key[] {
    return this.story.ring.keys;
  }

  get ring(): GoRing {
    const keys = this.keys.filter(({ state }) => state !== 'retired' && state !== 'revoked');
    return { trustEpoch: this.story.ring.trustEpoch, keys, changes: this.told.slice(-TRUST_CHANGES) };
  }

  /** Whether it was done, and not refused. */
  order(order: RingOrder, now: Date, overlapWindowMs: number): boolean {
    try {
      this.take(this.decide(order, now, overlapWindowMs));
      return true;
    } catch (refusal) {
      if (refusal instanceof Refusal) return false;
      throw refusal;
    }
  }

  private take(change: RingChange): void {
    this.story.take(change);
    if (CHANGES[change.change].changesTrust) this.tell();
  }

  private tell(): void {
    const { ring } = this.story;
    const { previous, expires } = announcedKeys(ring.keys);
    const activeKeyId = activeKey(ring).keyId;
    const change = { epoch: ring.epoch, activeKeyId, previousKeyId: previous?.keyId ?? null, previousUntil: expires };
    this.told.push(change);
  }

  private decide(order: RingOrder, at: Date, overlapWindowMs: number): RingChange {
    const { ring, transition } = this.story;
    const newKeyId = `k${(this.made += 1)}`;
    const named = { oldKeyId: transition?.oldKeyId ?? '', newKeyId: transition?.newKeyId ?? '' };
    const spans = { clockSkewMs: SKEW_MS, propagationDelayMs: 0 };
    const settling = { stalenessMs: 5 * MINUTE_MS, relayLagMs: 10_000, clockSkewMs: SKEW_MS };
    switch (order) {
      case 'rotate': {
        const staged = stagedKey(ring)?.keyId ?? newKeyId;
        return openRotation(ring, transition, { newKeyId: staged, openedAt: at, overlapWindowMs, ...spans }, POLICY);
      }
      case 'close':
        return closeRotation(ring, transition, named);
      case 'rollback':
        return rollbackRotation(ring, transition, { ...named, at, ...settling }, POLICY);
      case 'settle':
        return settleRollback(ring, transition, at);
      case 'stage': {
        const rotateBy = new Date(at.getTime() + overlapWindowMs);
        return stageKey(ring, transition, { newKeyId, stagedAt: at, rotateBy, overlapWindowMs, ...spans }, POLICY);
      }
      case 'unstage':
        return unstageKey(ring, transition, { keyId: stagedKey(ring)?.keyId ?? '' });
      case 'revoke_other': {
        const keyId = ring.keys.find(({ state }) => state === 'staged' || state === 'retiring')?.keyId ?? '';
        return revokeKey(ring, transition, { keyId, newKeyId, discardStaged: true, at, propagationDelayMs: 0 }, POLICY);
      }
      case 'revoke_active': {
        const { keyId } = activeKey(ring);
        return revokeKey(ring, transition, { keyId, newKeyId, discardStaged: true, at, propagationDelayMs: 0 }, POLICY);
      }
    }
  }
}
