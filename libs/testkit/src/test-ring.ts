import { heldKeys, scopePolicy } from '@plexsphere/keyring';
import { publicText } from '@plexsphere/wire';
import type { KeyView, PlatformKeyRotated, RingView, Scope, SigningKeyRotated } from '@plexsphere/wire';
import {
  isByPlatform,
  keyHash,
  signStatement,
  statementHash,
  type Statement,
  type StatementType,
  type TrustAnchor,
} from '@plexsphere/wire/jws';
import { anchorOf, viewOf } from './told-by-ring';
import { announced } from './told-by-statement';
import { envelopeBy, newNames, oldNames, testKey, type EventFields, type TestKey } from './test-key';

export interface RingKey extends TestKey {
  state: KeyView['state'];
  /** When a retiring or staged one verifies no more. */
  verifiesUntil: Date | null;
}

/** How a ring came to an epoch. A close and the end of a rollback's settling have no statement. */
export interface RingChange {
  epoch: number;
  change: StatementType | 'close' | 'settle';
  activeKeyId: string;
  statement: string | null;
  /** Whether the ring's superior vouched for it. */
  isBySuperior?: boolean;
}

/** What stands in a rotation's statement, where it is not the usual. */
export interface RotationTimes {
  openedAt: string;
  closesAt: string;
  transitionExpires: string;
}

/** Who may overrule a ring, as it is now: of the platform's the recovery key, of others the platform's active one. */
export type Superior = () => { key: TestKey; epoch: number | null };

/** A key ring in memory with its private keys and real statements, which walks through the whole life of its keys. */
export class TestRing {
  /** Every key that it ever had, oldest first. */
  readonly keys: RingKey[] = [];
  /** One an epoch, from 1 on. */
  readonly changes: RingChange[] = [];
  /** The one that the head commits to. */
  ahead = testKey('ahead');

  private constructor(
    readonly scope: Scope,
    private readonly superior: Superior,
  ) {}

  static async create(scope: Scope, keyId: string, superior: Superior, now: Date): Promise<TestRing> {
    const ring = new TestRing(scope, superior);
    const key = testKey(keyId);
    await ring.commit('create', { ...newNames(key), opened_at: now.toISOString() }, superior().key, key);
    ring.keys.push({ ...key, state: 'active', verifiesUntil: null });
    ring.changes[0]!.activeKeyId = keyId;
    return ring;
  }

  get epoch(): number {
    return this.changes.length;
  }

  get trustEpoch(): number {
    const isOfTrust = ({ change }: RingChange): boolean =>
      !['close', 'settle', 'recommit', 'recovery'].includes(change);
    return this.changes.findLast(isOfTrust)?.epoch ?? 0;
  }

  get headEpoch(): number {
    return this.statements.at(-1)?.epoch ?? 0;
  }

  get active(): RingKey {
    return this.inState('active')!;
  }

  get retiring(): RingKey | undefined {
    return this.inState('retiring');
  }

  get staged(): RingKey | undefined {
    return this.inState('staged');
  }

  /** What a verifier may hold, as the product says. */
  get trusted(): RingKey[] {
    return heldKeys(this.keys, scopePolicy('domain'));
  }

  /** The head's. */
  get statement(): string {
    return this.statements.at(-1)!.text;
  }

  get statements(): { text: string; epoch: number }[] {
    return this.changes.flatMap(({ epoch, statement }) => (statement === null ? [] : [{ text: statement, epoch }]));
  }

  get statementHash(): string {
    return statementHash(this.statement);
  }

  /** Of the statement that made the ring. */
  get firstHash(): string {
    return statementHash(this.statements[0]!.text);
  }

  get next(): string {
    return keyHash(publicText(this.ahead.privateKey));
  }

  /** The key that was active until the rotation of `epoch` + 1. */
  retiringSince(epoch: number): TestKey {
    const { activeKeyId } = this.changes[epoch - 1]!;
    return this.keys.find(({ keyId }) => keyId === activeKeyId)!;
  }

  /** To the staged key if that is its name, else to the key ahead. The old key verifies for `graceMs` beyond the window. */
  async rotate(keyId: string, now: Date, windowMs = 60_000, graceMs = 0): Promise<void> {
    if (this.retiring !== undefined) this.close();
    const at = (ms: number): string => new Date(now.getTime() + ms).toISOString();
    const times = { openedAt: at(0), closesAt: at(windowMs), transitionExpires: at(windowMs + graceMs) };
    const staged = this.staged?.keyId === keyId ? this.staged : undefined;
    const key = staged ?? this.takeAhead(keyId);
    await this.commit('rotate', this.rotation(key, times), this.active, staged === undefined ? key : null);
    this.put(this.active, 'retiring', times.transitionExpires);
    if (staged === undefined) this.keys.push({ ...key, state: 'active', verifiesUntil: null });
    else this.put(staged, 'active');
    this.mark();
  }

  /** The staged key verifies for `forMs`. */
  async stage(keyId: string, now: Date, forMs = 600_000): Promise<void> {
    const key = this.takeAhead(keyId);
    const until = new Date(now.getTime() + forMs).toISOString();
    const names = { ...oldNames(this.active), ...newNames(key), transition_expires: until };
    await this.commit('stage', { ...names, opened_at: now.toISOString() }, this.active, key);
    this.keys.push({ ...key, state: 'staged', verifiesUntil: new Date(until) });
  }

  async unstage(now: Date): Promise<void> {
    const staged = this.staged!;
    const names = { ...oldNames(staged), ...newNames(this.active), opened_at: now.toISOString() };
    await this.commit('unstage', names, this.active, null);
    this.put(staged, 'retired');
  }

  /** The rolled-back key verifies for `forMs`. */
  async rollback(now: Date, forMs = 60_000, by: TestKey = this.superior().key): Promise<void> {
    const { active, retiring } = this;
    const until = new Date(now.getTime() + forMs).toISOString();
    const names = { ...oldNames(active), ...newNames(retiring!), transition_expires: until };
    await this.commit('rollback', { ...names, opened_at: now.toISOString() }, by, null);
    this.put(active, 'retiring', until);
    this.put(retiring!, 'active');
    this.mark();
  }

  settle(): void {
    this.end('settle');
  }

  close(): void {
    this.end('close');
  }

  /** Of the active key: `replacement` takes its place, the staged key if that is its name. All others go with it. */
  async revoke(keyId: string, now: Date, replacement = `${keyId}-next`, by = this.superior().key): Promise<void> {
    const revoked = this.keys.find((key) => key.keyId === keyId)!;
    const isActive = revoked.state === 'active';
    const staged = isActive && this.staged?.keyId === replacement ? this.staged : undefined;
    const fresh = isActive && staged === undefined ? testKey(replacement) : null;
    const left = fresh ?? staged ?? this.active;
    this.ahead = testKey('ahead');
    const names = { ...oldNames(revoked), ...newNames(left), opened_at: now.toISOString() };
    await this.commit('revoke', names, by, fresh);
    for (const key of this.trusted) if (key.keyId !== left.keyId) this.put(key, 'retired');
    this.put(revoked, 'revoked');
    if (fresh === null)
      this.put(
        this.keys.find((key) => key.keyId === left.keyId)!,
        'active',
      );
    else this.keys.push({ ...fresh, state: 'active', verifiesUntil: null });
    this.mark();
  }

  async recommit(now: Date): Promise<void> {
    this.ahead = testKey('ahead');
    const names = { ...oldNames(this.active), ...newNames(this.active), opened_at: now.toISOString() };
    await this.commit('recommit', names, this.superior().key, null);
  }

  /** Of the platform's ring. Whoever keeps the recovery key has a new one then. */
  async changeRecoveryKey(next: TestKey, now: Date): Promise<void> {
    const { key } = this.superior();
    await this.commit('recovery', { ...oldNames(key), ...newNames(next), opened_at: now.toISOString() }, key, next);
  }

  /** As somebody else would go on who has all its keys. */
  fork(superior: Superior): TestRing {
    const fork = new TestRing(this.scope, superior);
    fork.keys.push(...this.keys.map((key) => ({ ...key })));
    fork.changes.push(...this.changes);
    fork.ahead = this.ahead;
    return fork;
  }

  /** What the next rotation's statement says, to `key`; `by` is whom it names as its authority. */
  rotation(
    key: TestKey,
    { openedAt, closesAt, transitionExpires }: RotationTimes,
    by: TestKey = this.active,
  ): Statement {
    const times = { opened_at: openedAt, closes_at: closesAt, transition_expires: transitionExpires };
    return this.following('rotate', { ...oldNames(by), ...newNames(key), ...times });
  }

  /** What would follow the head, but for `members`. */
  following(type: StatementType, members: Partial<Statement>): Statement {
    return {
      type,
      scope: this.scope,
      epoch: this.epoch + 1,
      authority_epoch: isByPlatform(type, this.scope) ? this.superior().epoch : null,
      old_key_id: null,
      old_public_key: null,
      new_key_id: '',
      new_public_key: '',
      opened_at: '',
      closes_at: null,
      transition_expires: null,
      next: this.next,
      previous: this.epoch === 0 ? null : this.statementHash,
      ...members,
    };
  }

  /** What an announcement of the last rotation says. `members` replaces members. */
  rotatedPayload(members: Partial<SigningKeyRotated> = {}): SigningKeyRotated {
    return { ...announced(this.statement), ...members };
  }

  /** The last change's announcement, by the key that was active before. */
  rotatedEvent(now: Date, fields: EventFields = {}): string {
    const event = { eventType: 'signing_key_rotated', payload: this.rotatedPayload(), ...fields };
    return envelopeBy(this.retiringSince(this.trustEpoch - 1), this.scope, now, event);
  }

  /** Of this ring, which is the platform's, for the Nodes of `domain`. */
  platformRotatedEvent(domain: TestRing, now: Date, fields: EventFields = {}): string {
    const { transition_expires: end, statement, epoch } = this.rotatedPayload();
    const payload: PlatformKeyRotated = { epoch, ...(end !== undefined && { transition_expires: end }), statement };
    return envelopeBy(domain.active, domain.scope, now, { eventType: 'platform_key_rotated', payload, ...fields });
  }

  /** What someone who holds a former key would claim to come after the last statement. */
  async forgedRotation(leaked: TestKey, next: TestKey, now: Date): Promise<SigningKeyRotated> {
    const closesAt = new Date(now.getTime() + 60_000).toISOString();
    const times = { openedAt: now.toISOString(), closesAt, transitionExpires: closesAt };
    return announced(await signStatement(this.rotation(next, times, leaked), leaked, next));
  }

  statementsSince(epoch: number): string[] {
    return this.statements.filter((statement) => statement.epoch > epoch).map(({ text }) => text);
  }

  /** As rotation shows it to those who sign and serve by it. */
  view(): RingView {
    return viewOf(this);
  }

  /** As a bundle names it. */
  anchor(): TrustAnchor {
    return anchorOf(this);
  }

  private inState(state: RingKey['state']): RingKey | undefined {
    return this.keys.find((key) => key.state === state);
  }

  private put(key: RingKey, state: RingKey['state'], until: string | null = null): void {
    key.state = state;
    key.verifiesUntil = until === null ? null : new Date(until);
  }

  /** The key ahead under its name; another is ahead from now on. */
  private takeAhead(keyId: string): TestKey {
    const { privateKey } = this.ahead;
    this.ahead = testKey('ahead');
    return { keyId, privateKey };
  }

  private end(change: 'close' | 'settle'): void {
    if (this.retiring !== undefined) this.put(this.retiring, 'retired');
    this.changes.push({ epoch: this.epoch + 1, change, activeKeyId: this.active.keyId, statement: null });
  }

  private async commit(
    type: StatementType,
    members: Partial<Statement>,
    authority: TestKey,
    comesIn: TestKey | null,
  ): Promise<void> {
    const statement = await signStatement(this.following(type, members), authority, comesIn);
    const activeKeyId = this.inState('active')?.keyId ?? '';
    const isBySuperior = authority === this.superior().key;
    this.changes.push({ epoch: this.epoch + 1, change: type, activeKeyId, statement, isBySuperior });
  }

  /** The last change made another key active. */
  private mark(): void {
    this.changes.at(-1)!.activeKeyId = this.active.keyId;
  }
}
