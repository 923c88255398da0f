/** One ring of the model: the domain decides what becomes of it, and real keys sign real statements. */
import {
  CHANGES,
  Refusal,
  activeKey,
  closeRotation,
  createRing,
  openRotation,
  recommitRing,
  recoverRing,
  revokeKey,
  rollbackRotation,
  scopePolicy,
  settleRollback,
  stageKey,
  stagedKey,
  trustedKeys,
  unstageKey,
  type KeyRing,
  type RingChange,
  type RingHistory,
  type StatementTerms,
  type Transition,
} from '@plexsphere/keyring';
import { copied } from './copied';
import { privateKeyOf, type TestKey } from '@plexsphere/testkit';
import { publicText, scopeKind, type Scope } from '@plexsphere/wire';
import {
  isByPlatform,
  keyHash,
  signStatement,
  statementHash,
  type Statement,
  type StatementType,
  type TrustAnchor,
} from '@plexsphere/wire/jws';

export const MINUTE_MS = 60_000;
export const SPANS = { overlapWindowMs: 60 * MINUTE_MS, clockSkewMs: 30_000, propagationDelayMs: MINUTE_MS };
const SETTLING = { stalenessMs: 5 * MINUTE_MS, relayLagMs: 0, clockSkewMs: 30_000 };
const ROTATE_BY_MS = 30 * MINUTE_MS;

/** Long enough that a rollback has settled; that everything else is over. */
export const WAITS_MS = [6 * MINUTE_MS, 100 * MINUTE_MS] as const;

/** What can be ordered of a ring, without names: there is one key of each kind at most. */
export const ORDERS = [
  'stage',
  'unstage',
  'rotate',
  'close',
  'rollback',
  'rollback_by_recovery',
  'settle',
  'revoke_active',
  'revoke_discarding',
  'revoke_other',
  'recommit',
  'recovery',
] as const;
export type Order = (typeof ORDERS)[number];

export interface ModelStatement {
  epoch: number;
  type: StatementType;
  bySuperior: boolean;
  authorityEpoch: number | null;
  text: string;
  hash: string;
}

/** Whoever vouches for a ring whose own keys do not. */
export interface Superior {
  key: TestKey;
  /** Of the platform's ring; null of the recovery key. */
  epoch: number | null;
}

/** When something is ordered, and who stands by. */
export interface Occasion {
  nowMs: number;
  superior: Superior;
  /** The recovery key, and the one that is to come. */
  recovery?: { old: TestKey; next: TestKey };
}

const made = new Map<string, TestKey['privateKey']>();

/** The same name is the same key: so a seed tells the whole of a run. */
export function keyOf(keyId: string, name = keyId): TestKey {
  const privateKey = made.get(name) ?? privateKeyOf(name);
  made.set(name, privateKey);
  return { keyId, privateKey };
}

export class ModelRing {
  transition: Transition | null = null;
  readonly statements: ModelStatement[] = [];
  /** One an epoch, and when it began. */
  readonly rings: KeyRing[] = [];
  private readonly beganAtMs: number[] = [];
  readonly keys = new Map<string, TestKey>();
  /** What a bundle said after each statement. */
  readonly anchors: TrustAnchor[] = [];
  ahead: TestKey;
  private drawn = 0;

  private constructor(readonly scope: Scope) {
    this.ahead = this.drawAhead();
  }

  static async create(scope: Scope, occasion: Occasion): Promise<ModelRing> {
    const ring = new ModelRing(scope);
    const keyId = ring.drawKeyId();
    const first = createRing(scope, keyId);
    const terms = { oldKeyId: null, newKeyId: keyId, introduces: true, bySuperior: true };
    await ring.take(
      'create',
      { ring: first, statement: { ...terms, closesAt: null, transitionExpires: null } },
      occasion,
    );
    return ring;
  }

  get ring(): KeyRing {
    return this.rings.at(-1)!;
  }

  get active(): TestKey {
    return this.keys.get(activeKey(this.ring).keyId)!;
  }

  /** Public text; undefined for an epoch that is not reached. */
  activeAt(epoch: number): string | undefined {
    const ring = this.rings[epoch - 1];
    return ring && publicText(this.keys.get(activeKey(ring).keyId)!.privateKey);
  }

  /** Until when a key, by its public text, was one of those that a verifier accepts; before all time where it never was. */
  trustedUntilMs(publicKey: string, nowMs: number): number {
    const named = [...this.keys.values()].find(({ privateKey }) => publicText(privateKey) === publicKey)?.keyId;
    const ends = this.rings.flatMap(({ keys }, at) => {
      const key = keys.find(({ keyId }) => keyId === named);
      if (key === undefined || key.state === 'retired' || key.state === 'revoked') return [];
      return [Math.min(this.beganAtMs[at + 1] ?? nowMs, key.verifiesUntil?.getTime() ?? Infinity)];
    });
    return Math.max(-Infinity, ...ends);
  }

  get head(): ModelStatement {
    return this.statements.at(-1)!;
  }

  get next(): string {
    return keyHash(publicText(this.ahead.privateKey));
  }

  /** The ring as it is then, and this one as it was; undefined where the domain refuses. */
  async ordered(order: Order, occasion: Occasion): Promise<ModelRing | undefined> {
    const change = this.decided(order, occasion);
    if (change === undefined) return undefined;
    const ring = copied<ModelRing>(this);
    await ring.take(change.change, change, occasion);
    return ring;
  }

  history(): RingHistory {
    const { statements, rings } = this;
    const at = (epoch: number): ModelStatement[] => statements.filter((each) => each.epoch <= epoch);
    const after = (epoch: number): ModelStatement[] => statements.filter((each) => each.epoch > epoch);
    const ways = statements.filter(({ type, bySuperior }) => bySuperior && (type === 'revoke' || type === 'rollback'));
    return {
      ...this.ring,
      superiorEpoch: ways.at(-1)?.epoch ?? null,
      activeAt: (epoch) => (rings[epoch - 1] === undefined ? undefined : activeKey(rings[epoch - 1]!).keyId),
      statementsAfter: (epoch) => after(epoch).length,
      headAt: (epoch) => at(epoch).at(-1)?.epoch ?? 0,
      activeNamedAt: (epoch) =>
        at(epoch)
          .filter(({ type }) => type !== 'recovery')
          .at(-1)?.epoch ?? 0,
      authorityAfter: (epoch) => {
        const named = after(epoch).flatMap(({ authorityEpoch }) => authorityEpoch ?? []);
        return named.length === 0 ? null : Math.min(...named);
      },
    };
  }

  /** The keys that a verifier accepts now; what a bundle says. */
  anchor(nowMs: number): TrustAnchor {
    const { ring, head } = this;
    const trusted = trustedKeys(ring.keys, scopePolicy(scopeKind(this.scope)), new Date(nowMs));
    return {
      epoch: ring.epoch,
      trust_epoch: ring.trustEpoch,
      active_key_id: activeKey(ring).keyId,
      staged_key_id: trusted.find(({ state }) => state === 'staged')?.keyId ?? null,
      keys: trusted.map(({ keyId, verifiesUntil }) => ({
        key_id: keyId,
        public_key: publicText(this.keys.get(keyId)!.privateKey),
        ...(verifiesUntil !== null && { not_after: verifiesUntil.toISOString() }),
      })),
      statement_hash: head.hash,
      head_epoch: head.epoch,
      next: this.next,
    };
  }

  private decided(order: Order, { nowMs, recovery }: Occasion): RingChange | undefined {
    try {
      return this.decide(order, new Date(nowMs), recovery);
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  private decide(order: Order, at: Date, recovery: Occasion['recovery']): RingChange | undefined {
    const { ring, transition } = this;
    const policy = scopePolicy(scopeKind(this.scope));
    const staged = stagedKey(ring)?.keyId;
    const open = { oldKeyId: transition?.oldKeyId ?? '', newKeyId: transition?.newKeyId ?? '' };
    const revoke = { newKeyId: this.keyIdAhead, at, discardStaged: false, ...SPANS };
    switch (order) {
      case 'stage': {
        const rotateBy = new Date(at.getTime() + ROTATE_BY_MS);
        return stageKey(ring, transition, { ...SPANS, newKeyId: this.keyIdAhead, stagedAt: at, rotateBy }, policy);
      }
      case 'unstage':
        return unstageKey(ring, transition, { keyId: staged ?? '' });
      case 'rotate': {
        const newKeyId = staged ?? this.keyIdAhead;
        return openRotation(ring, transition, { ...SPANS, newKeyId, openedAt: at, force: true }, policy);
      }
      case 'close':
        return closeRotation(ring, transition, open);
      case 'rollback':
      case 'rollback_by_recovery': {
        const byRecoveryKey = order === 'rollback_by_recovery';
        if (byRecoveryKey && policy.superior !== 'recovery_key') return undefined;
        return rollbackRotation(ring, transition, { ...open, ...SETTLING, at, byRecoveryKey }, policy);
      }
      case 'settle':
        return settleRollback(ring, transition, at);
      case 'revoke_active':
        return revokeKey(ring, transition, { ...revoke, keyId: activeKey(ring).keyId }, policy);
      case 'revoke_discarding':
        return revokeKey(ring, transition, { ...revoke, keyId: activeKey(ring).keyId, discardStaged: true }, policy);
      case 'revoke_other': {
        const other = ring.keys.find(({ state }) => state === 'staged' || state === 'retiring');
        return other && revokeKey(ring, transition, { ...revoke, keyId: other.keyId }, policy);
      }
      case 'recommit':
        return recommitRing(ring, transition);
      case 'recovery': {
        const names = { oldKeyId: recovery?.old.keyId ?? '', newKeyId: recovery?.next.keyId ?? '' };
        return recovery && recoverRing(ring, transition, names, policy);
      }
    }
  }

  private get keyIdAhead(): string {
    return `${this.prefix}${this.drawn + 1}`;
  }

  private get prefix(): string {
    return this.scope.slice(0, 1);
  }

  private drawKeyId(): string {
    this.drawn += 1;
    return `${this.prefix}${this.drawn}`;
  }

  private drawAhead(): TestKey {
    return keyOf('ahead', `${this.scope} ahead of ${this.drawn} ${this.rings.length}`);
  }

  private async take(
    type: RingChange['change'],
    {
      ring,
      transition = this.transition,
      statement: terms,
    }: Pick<RingChange, 'ring'> & {
      transition?: Transition | null;
      statement: (Omit<StatementTerms, 'oldKeyId'> & { oldKeyId: string | null }) | null;
    },
    occasion: Occasion,
  ): Promise<void> {
    if (terms !== null && CHANGES[type].isStated) await this.state(type as StatementType, ring, terms, occasion);
    this.rings.push(ring);
    this.beganAtMs.push(occasion.nowMs);
    this.transition = transition;
    if (terms !== null) this.anchors.push(this.anchor(occasion.nowMs));
  }

  private async state(
    type: StatementType,
    { epoch }: KeyRing,
    {
      oldKeyId,
      newKeyId,
      introduces,
      bySuperior,
      closesAt,
      transitionExpires,
    }: Omit<StatementTerms, 'oldKeyId'> & {
      oldKeyId: string | null;
    },
    { nowMs, superior, recovery }: Occasion,
  ): Promise<void> {
    const comesIn = introduces ? this.introduced(type, bySuperior, newKeyId, recovery) : null;
    const makesAhead = type !== 'recovery' && (introduces || type === 'revoke' || type === 'recommit');
    if (makesAhead) this.ahead = this.drawAhead();
    const old = type === 'recovery' ? recovery!.old : oldKeyId === null ? null : this.keys.get(oldKeyId)!;
    const next = comesIn ?? this.keys.get(newKeyId)!;
    const statement: Statement = {
      type,
      scope: this.scope,
      epoch,
      authority_epoch: isByPlatform(type, this.scope) ? superior.epoch : null,
      old_key_id: old?.keyId ?? null,
      old_public_key: old === null ? null : publicText(old.privateKey),
      new_key_id: next.keyId,
      new_public_key: publicText(next.privateKey),
      opened_at: new Date(nowMs).toISOString(),
      closes_at: closesAt?.toISOString() ?? null,
      transition_expires: transitionExpires?.toISOString() ?? null,
      next: this.next,
      previous: this.statements.at(-1)?.hash ?? null,
    };
    const text = await signStatement(statement, bySuperior ? superior.key : this.active, comesIn);
    const authorityEpoch = statement.authority_epoch;
    this.statements.push({ epoch, type, bySuperior, authorityEpoch, text, hash: statementHash(text) });
  }

  /** By the ring's own authority the key ahead comes in, by the superior's any. */
  private introduced(type: StatementType, bySuperior: boolean, keyId: string, recovery?: { next: TestKey }): TestKey {
    if (type === 'recovery') return recovery!.next;
    if (this.rings.length > 0) this.drawKeyId();
    const key = bySuperior ? keyOf(keyId, `${this.scope} ${keyId} new`) : { ...this.ahead, keyId };
    this.keys.set(keyId, key);
    return key;
  }
}
